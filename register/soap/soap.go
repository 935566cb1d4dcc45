// Package soap offers the register's Sager and Dokumenter in SOAP 1.1, document/literal, with the elements of the STS schemas
// (SagOperationer and DokumentIndeksOperationer 1.2.4.0):
//
//	POST /soap/sag, /soap/dokument   laes, list, soeg, opret, importer, ret, passiver, slet
//	GET  /soap/sag?wsdl              what they look like
//
// Every answer has a StandardRetur: 20 for what went well, 40 for a call that breaks a rule, 44 for nothing found, 49 for an objekt
// in a state that forbids it, and 50 for trouble of our own. A Fault is only for what is no call at all, and for those who may not call.
// spec: oio 1.7, 75
package soap

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
)

// Sti is what the paths of a [Handler] begin with.
const Sti = "/soap/"

const typeXML = "text/xml; charset=utf-8"

const (
	laesFrist      = 30 * time.Second // that a caller may take to send a call
	maksFejlbesked = 4000             // bytes of a FejlbeskedTekst, but for the last fault it tells of
)

// The values of StatusKode. spec: oio 1.7
const (
	StatusOK         = 20
	StatusUgyldig    = 40
	StatusIkkeFundet = 44
	StatusTilstand   = 49
	StatusEgenFejl   = 50
)

// Options are what a Handler may be given; the zero value is well.
type Options struct {
	Koder oio.Koder // of the agreement, with the roles of roller.yaml
	Log   *slog.Logger
}

// Handler offers r to callers whom [auth.Vagt] has put into the context.
func Handler(r *register.Register, o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for _, t := range []mox.ObjektType{mox.Sag, mox.Dokument} {
		a := &api{r: r, t: t, koder: o.Koder, log: o.Log}
		sti := Sti + strings.ToLower(string(t))
		mux.HandleFunc("GET "+sti, a.wsdl)
		mux.HandleFunc("POST "+sti, a.kald)
	}
	return mux
}

// api is the service of one type.
type api struct {
	r     *register.Register
	t     mox.ObjektType
	koder oio.Koder
	log   *slog.Logger
}

func (a *api) wsdl(w http.ResponseWriter, r *http.Request) {
	if _, ok := r.URL.Query()["wsdl"]; !ok {
		problem.Skriv(w, r, mox.E("soap", mox.KodeIkkeFundet, "her svares på SOAP 1.1 med POST").Med("hent beskrivelsen med ?wsdl"))
		return
	}
	vej := "http://"
	if r.TLS != nil {
		vej = "https://"
	}
	svar(w, http.StatusOK, oio.WSDL(a.t, vej+r.Host+r.URL.Path))
}

func svar(w http.ResponseWriter, status int, b []byte) {
	h := w.Header()
	h.Set("Content-Type", typeXML)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that has gone is told nothing
}

func fault(w http.ResponseWriter, kode, tekst string) {
	svar(w, http.StatusInternalServerError, oio.SkrivFault(&oio.Soapfejl{Kode: kode, Tekst: mox.Maskeret(tekst)}))
}

func (a *api) kald(w http.ResponseWriter, r *http.Request) {
	hvem, ok := auth.Fra(r.Context())
	if !ok {
		fault(w, oio.SoapClient, "kaldet har ingen nøgle")
		return
	}
	formaal, err := register.LaesFormaal(r.Header.Values(register.FormaalHeader))
	if err != nil {
		fault(w, oio.SoapClient, problem.Af(err).Detail)
		return
	}
	som := a.r.Hvem(hvem, formaal)
	raa, err := krop(w, r)
	if err != nil {
		fault(w, oio.SoapClient, problem.Af(err).Detail)
		return
	}
	k, err := oio.LaesKald(raa, a.t, a.koder)
	var f *oio.Soapfejl
	switch {
	case errors.As(err, &f):
		fault(w, f.Kode, f.Tekst)
		return
	case k.Operation == "":
		fault(w, oio.SoapClient, problem.Af(err).Detail)
		return
	case !maa(som, k.Operation):
		fault(w, oio.SoapClient, "nøglen "+hvem.Navn+" giver ikke adgang til det; brug en nøgle med rollen drift, eller laeser for at læse, eller få systemets ret skrevet i tilslutningsaftalen")
		return
	}
	var ud oio.Svar
	if err == nil {
		ud, err = a.udfoer(r.Context(), som, &k)
	}
	a.besvar(w, r, k.Operation, ud, err)
}

// maa reports whether the register is for the caller: to read, or also to write.
func maa(h register.Hvem, o oio.Operation) bool {
	if laeser(o) {
		return len(h.Adgang.Laese) > 0
	}
	return len(h.Adgang.Skrive) > 0
}

func laeser(o oio.Operation) bool {
	return slices.Contains([]oio.Operation{oio.OpLaes, oio.OpList, oio.OpSoeg}, o)
}

func krop(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	t, p, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != "text/xml" || p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
		return nil, mox.E("soap", mox.KodeUgyldig, "kaldets Content-Type er ikke text/xml i UTF-8, som SOAP 1.1 har")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(laesFrist)) // a ResponseWriter that has none is not a network's
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, oio.MaksIndreBytes))
	if err != nil && !errors.As(err, new(*http.MaxBytesError)) {
		err = mox.E("soap", mox.KodeUgyldig, "kaldet kunne ikke læses til ende")
	}
	return b, err
}

func (a *api) besvar(w http.ResponseWriter, r *http.Request, o oio.Operation, ud oio.Svar, err error) {
	if err != nil {
		ud.StatusKode, ud.Fejlbesked = statusAf(o, err), fejlbesked(err)
	}
	if ud.StatusKode == StatusEgenFejl && r.Context().Err() == nil {
		a.log.Error("et SOAP-kald til registeret kunne ikke besvares", "operation", o, "objekttype", a.t, "fejl", mox.Maskeret(err.Error()))
	}
	b, err := oio.SkrivSvar(a.t, o, ud, a.koder)
	if err != nil {
		a.log.Error("et SOAP-svar kunne ikke skrives", "operation", o, "objekttype", a.t, "fejl", mox.Maskeret(err.Error()))
		fault(w, oio.SoapServer, problem.Af(err).Detail)
		return
	}
	svar(w, http.StatusOK, b)
}

// statusAf is the StatusKode of an operation's error. An objekt that has been erased is not there to be read, and is in a state
// that forbids to write it.
func statusAf(o oio.Operation, err error) int {
	var e *mox.Error
	switch kode := mox.KodeAf(err); kode {
	case mox.KodeIkkeFundet, mox.KodeSlettet:
		return StatusIkkeFundet
	case mox.KodeGlemt:
		if laeser(o) {
			return StatusIkkeFundet
		}
		return StatusTilstand
	case mox.KodeKonflikt, mox.KodeForudsaetning:
		return StatusTilstand
	case mox.KodeIkkeTilladt: // there is no code of its own; the call is what is wrong
		return StatusUgyldig
	case mox.KodeUgyldig, mox.KodeForStor:
		if errors.As(err, &e) && slices.ContainsFunc(e.Felter, func(f mox.Feltfejl) bool { return f.Regel == "livscyklus" }) {
			return StatusTilstand
		}
		return StatusUgyldig
	}
	return StatusEgenFejl
}

// fejlbesked tells a person what is wrong, where, and what to do. It holds no CPR number.
func fejlbesked(err error) string {
	d := problem.Af(err)
	var ud strings.Builder
	ud.WriteString(d.Detail)
	for _, f := range d.Felter {
		if ud.Len() > maksFejlbesked {
			ud.WriteString("; …")
			break
		}
		ud.WriteString("; " + f.Sti + " " + f.Tekst)
	}
	if d.Raad != "" {
		ud.WriteString("; " + d.Raad)
	}
	return ud.String()
}

func (a *api) udfoer(ctx context.Context, hvem register.Hvem, k *oio.Kald) (oio.Svar, error) {
	switch k.Operation {
	case oio.OpLaes:
		return a.laes(ctx, hvem, k)
	case oio.OpList:
		return a.list(ctx, hvem, k)
	case oio.OpSoeg:
		return a.soeg(ctx, hvem, k)
	case oio.OpOpret:
		ud, err := a.r.Opret(ctx, hvem, a.t, k.Registrering)
		return oio.Svar{StatusKode: StatusOK, ObjektID: ud.ObjektID}, err
	}
	return oio.Svar{StatusKode: StatusOK}, a.skriv(ctx, hvem, k)
}

func (a *api) skriv(ctx context.Context, hvem register.Hvem, k *oio.Kald) (err error) {
	id := k.ObjektID[0]
	switch k.Operation {
	case oio.OpImporter:
		_, err = a.r.Importer(ctx, hvem, a.t, id, register.IkkeIKraft, k.Registrering)
	case oio.OpRet:
		_, err = a.r.Erstat(ctx, hvem, a.t, id, "", k.Registrering)
	case oio.OpPassiver:
		_, err = a.r.Passiver(ctx, hvem, a.t, id, "", k.Registrering.NoteTekst)
	case oio.OpSlet:
		_, err = a.r.Slet(ctx, hvem, a.t, id, "", k.Registrering.NoteTekst)
	}
	return err
}

// tider are the two times a call asks about. Without a filter a reading gives all virkninger: a client sends whole lists back.
func tider(k *oio.Kald) (register.Tider, error) {
	t := register.Tider{VirkFra: k.VirkFra, VirkTil: k.VirkTil, RegFra: registreringstid(k.RegFra), RegTil: registreringstid(k.RegTil)}
	if !t.VirkFra.Angivet() && !t.VirkTil.Angivet() && k.Operation != oio.OpSoeg {
		t.VirkFra, t.VirkTil = mox.MinusUendelig, mox.Uendelig
	}
	if k.RegTil.Angivet() && !k.RegFra.Angivet() || k.RegFra.Angivet() && t.RegFra.IsZero() {
		t.RegFra = foerst()
	}
	var fejl []mox.Feltfejl
	if t.VirkFra.Angivet() && t.VirkTil.Angivet() && t.VirkFra.Sammenlign(t.VirkTil) > 0 {
		fejl = append(fejl, mox.Feltfejl{Sti: "virkningtil", Regel: "interval", Spec: "oio 18", Tekst: "ligger før virkningfra"})
	}
	if !t.RegTil.IsZero() && t.RegFra.After(t.RegTil) {
		fejl = append(fejl, mox.Feltfejl{Sti: "registrerettil", Regel: "interval", Spec: "oio 18", Tekst: "ligger før registreretfra"})
	}
	if len(fejl) > 0 {
		return t, &mox.Error{Kode: mox.KodeUgyldig, Op: "soap", Tekst: "kaldets tider kan ikke bruges", Felter: fejl}
	}
	return t, nil
}

// foerst is the first moment of registreringstid: an interval from the beginning is not the same as none.
func foerst() time.Time { return time.UnixMicro(1).UTC() }

func registreringstid(t mox.Tidspunkt) time.Time {
	if t == mox.MinusUendelig {
		return foerst()
	}
	ud, _ := t.Tid()
	return ud
}

func (a *api) laes(ctx context.Context, hvem register.Hvem, k *oio.Kald) (oio.Svar, error) {
	t, err := tider(k)
	if err != nil {
		return oio.Svar{}, err
	}
	l, err := a.r.Laes(ctx, hvem, a.t, k.ObjektID[0], t)
	if err != nil {
		return oio.Svar{}, err
	}
	return oio.Svar{StatusKode: StatusOK, Objekter: []oio.Svarobjekt{svarobjekt(l)}}, nil
}

func svarobjekt(l register.Laest) oio.Svarobjekt {
	ud := oio.Svarobjekt{ObjektID: l.ObjektID}
	for _, v := range l.Versioner {
		ud.Registreringer = append(ud.Registreringer, v.Registrering)
	}
	return ud
}

func (a *api) list(ctx context.Context, hvem register.Hvem, k *oio.Kald) (oio.Svar, error) {
	t, err := tider(k)
	if err != nil {
		return oio.Svar{}, err
	}
	laest, err := a.r.List(ctx, hvem, a.t, k.ObjektID, t)
	if err != nil || len(laest) == 0 {
		return intet(), err
	}
	ud := oio.Svar{StatusKode: StatusOK}
	for _, l := range laest {
		ud.Objekter = append(ud.Objekter, svarobjekt(l))
	}
	return ud, nil
}

// intet answers that there is nothing; it is no error. spec: oio 74
func intet() oio.Svar {
	return oio.Svar{StatusKode: StatusIkkeFundet, Fejlbesked: "der er ingen objekter, som kaldet spørger om"}
}

func (a *api) soeg(ctx context.Context, hvem register.Hvem, k *oio.Kald) (oio.Svar, error) {
	t, err := tider(k)
	if err != nil {
		return oio.Svar{}, err
	}
	s := register.Soegning{Livscyklus: k.Livscyklus, BrugerRef: k.Registrering.BrugerRef.String(), Tider: t, Foerste: k.Foerste, Maks: k.Maks, Kriterier: kriterier(a.t, k)}
	fundne, err := a.r.Soeg(ctx, hvem, a.t, s)
	if err != nil {
		return oio.Svar{}, err
	}
	ud := oio.Svar{StatusKode: StatusOK}
	if len(fundne) == 0 {
		ud = intet()
	}
	ud.Fundne, ud.HarFundet = fundne, true
	return ud, nil
}

// kriterier are what all that is found must have: every value that the lists of the call hold.
func kriterier(t mox.ObjektType, k *oio.Kald) (ud []register.Kriterium) {
	r := &k.Registrering
	tag := func(slags register.Kriterieslags, navn, v string) {
		if v != "" {
			ud = append(ud, register.Kriterium{Slags: slags, Navn: navn, Vaerdi: v})
		}
	}
	tag(register.Notekriterium, "notetekst", k.VirkningNote)
	type_, _ := mox.TypeAf(t)
	for _, a := range r.Attributter[type_.Egenskaber().Navn] {
		for _, f := range type_.Egenskaber().Felter {
			tag(register.Attributkriterium, f.Navn, a.Felter[f.Navn])
		}
	}
	for _, tv := range type_.Tilstande {
		for _, x := range r.Tilstande[tv.Navn] {
			tag(register.Tilstandkriterium, tv.Felt, x.Vaerdi)
		}
	}
	for _, rt := range type_.Relationer {
		for _, rel := range r.Relationer[rt.Navn] {
			if ref := rel.Reference.String(); ref != "" {
				ud = append(ud, register.Kriterium{Slags: register.Relationkriterium, Navn: rt.Navn, Vaerdi: ref, Maaltype: rel.ObjektType})
			}
			for _, f := range rt.Felter {
				tag(register.Postkriterium, rt.Navn+"."+f.Navn, rel.Felter[f.Navn])
			}
		}
	}
	for _, v := range r.Varianter {
		tag(register.Variantkriterium, "varianttekst", v.VariantTekst)
		for _, a := range v.Egenskaber {
			for _, f := range type_.Variant {
				tag(register.Variantkriterium, f.Navn, a.Felter[f.Navn])
			}
		}
	}
	return ud
}
