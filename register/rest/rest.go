// Package rest offers the register over HTTP, at the paths and in the JSON that the field has (spec: oio 1.9, 5.5-5.7):
//
//	POST   /sag/sag             Opret     201 {"uuid": "…"}
//	PUT    /sag/sag/{uuid}      Importer  200 {"uuid": "…"}
//	PATCH  /sag/sag/{uuid}      Ret       200 {"uuid": "…"}; Passiver with {"livscyklus": "Passiv"}
//	DELETE /sag/sag/{uuid}      Slet      202 {"uuid": "…"}
//	GET    /sag/sag/{uuid}      Læs       200 {"<uuid>": [{"id": "…", "registreringer": […]}]}
//	GET    /sag/sag?uuid=…      List      200 {"results": [[{"id": "…", "registreringer": […]}]]}
//	GET    /sag/sag?titel=…     Søg       200 {"results": [["<uuid>", …]]}; POST /sag/sag/soeg with the parameters as a form
//
// and beyond what the field has:
//
//	GET    /sag/sag?…                     with Accept: application/x-ndjson, the objekter themselves, one on each line
//	POST   /sag/sag/importer              up to [MaksImport] objekter at once, as those lines have them; see [Importsvar]
//	GET    /sag/sag/{uuid}/forskel?fra=…  what differs between two moments; see [Forskelsvar]
//	POST   /sag/sag/{uuid}/glem           erases it for good; see [Glemkald] and [Glemsvar]. GET tells what that would take
//
// and the same for the other types. Errors are RFC 9457 problem documents.
package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
)

// laesFrist is how long a caller may take to send a body.
const laesFrist = 30 * time.Second

// maksNoegle is how many bytes a caller's own name for a call may have.
const maksNoegle = 255

// Services are the first parts of the paths that a [Handler] answers.
func Services() []string {
	ud := []string{"site-map"}
	for _, navn := range mox.ObjektTyper() {
		if t, _ := mox.TypeAf(navn); !slices.Contains(ud, t.Service) {
			ud = append(ud, t.Service)
		}
	}
	return ud
}

// Handler offers r to callers whom [auth.Vagt] has put into the context. Documents are kept in lager.
func Handler(r *register.Register, lager *indhold.Lager, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a := &api{r: r, lager: lager, log: log}
	mux := http.NewServeMux()
	mux.Handle("/{service}/{sti}", a.type_(ressource{"GET": a.find, "POST": a.opret}))
	mux.Handle("/{service}/{sti}/{uuid}", a.type_(ressource{"GET": a.laes, "PUT": a.importer, "PATCH": a.ret, "DELETE": a.slet}))
	mux.Handle("/{service}/{sti}/{uuid}/{under}", a.type_(ressource{"GET": a.under}))
	mux.Handle("/{service}/{sti}/{uuid}/glem", a.type_(ressource{"GET": a.kanGlemmes, "POST": a.glem}))
	mux.Handle("/{service}/{sti}/importer", a.type_(ressource{"POST": a.importerMange}))
	mux.Handle("/{service}/{sti}/soeg", a.type_(ressource{"POST": a.soegForm}))
	mux.Handle("/{service}/{sti}/fields", a.type_(ressource{"GET": a.fields}))
	mux.Handle("/{service}/{sti}/schema", a.type_(ressource{"GET": a.schema}))
	mux.Handle("/{service}/classes", a.service(a.classes))
	mux.Handle("/site-map", a.service(a.siteMap))
	mux.Handle("/", a.service(func(http.ResponseWriter, *http.Request) error { return ukendtAdresse() }))
	return pakket(udenSkraastreg(mux))
}

// pakket packs what is worth it for callers who take gzip. Documents are sent as they are.
func pakket(h http.Handler) http.Handler {
	w, err := gzhttp.NewWrapper(gzhttp.MinSize(2048), gzhttp.ContentTypes([]string{"application/json", "application/x-ndjson"}))
	if err != nil {
		panic(err) // the options are ours
	}
	return w(h)
}

// udenSkraastreg takes a path with a slash at its end as one without.
func udenSkraastreg(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") {
			u := *r.URL
			u.Path, u.RawPath = strings.TrimRight(p, "/"), ""
			r = r.Clone(r.Context())
			r.URL = &u
		}
		h.ServeHTTP(w, r)
	})
}

// under answers what lies below an objekt, and the documents, which lie below the name of their hash.
func (a *api) under(k *kald) error {
	switch {
	case k.PathValue("uuid") == "sha256":
		return a.bytes(k)
	case k.PathValue("under") == "forskel":
		return a.forskel(k)
	}
	return ukendtAdresse()
}

func ukendtAdresse() error {
	return mox.E("kald", mox.KodeIkkeFundet, "adressen findes ikke").Med("/site-map siger, hvilke der er")
}

type api struct {
	r     *register.Register
	lager *indhold.Lager
	log   *slog.Logger
}

// kald is one call about objekter of a type.
type kald struct {
	w http.ResponseWriter
	*http.Request
	type_ *mox.Type
	hvem  register.Hvem
}

func (k *kald) t() mox.ObjektType { return k.type_.Navn }
func (k *kald) id() mox.ObjektID  { return mox.ObjektID(strings.ToLower(k.PathValue("uuid"))) }

type ressource map[string]func(*kald) error

func (a *api) type_(ved ressource) http.Handler {
	return a.service(func(w http.ResponseWriter, r *http.Request) error {
		t, ok := mox.TypeVedSti(r.PathValue("service"), r.PathValue("sti"))
		if !ok {
			return ukendtAdresse()
		}
		metode := r.Method
		if metode == http.MethodHead {
			metode = http.MethodGet
		}
		f, ok := ved[metode]
		if !ok {
			w.Header().Set("Allow", strings.Join(metoder(ved), ", "))
			return problem.Som(http.StatusMethodNotAllowed, mox.E("kald", mox.KodeUgyldig, "%s er ikke en metode her", r.Method))
		}
		hvem, ok := auth.Fra(r.Context())
		if !ok {
			return mox.E("kald", mox.KodeIkkeLoggetInd, "kaldet har ingen nøgle")
		}
		formaal, err := register.LaesFormaal(r.Header.Values(register.FormaalHeader))
		if err != nil {
			return err
		}
		k := &kald{w: w, Request: r, type_: t, hvem: a.r.Hvem(hvem, formaal)}
		if err := maa(k.hvem, metode == http.MethodGet || r.URL.Path == "/"+t.Service+"/"+t.Sti+"/soeg"); err != nil && len(k.hvem.Adgang.Glemme) == 0 {
			return err
		}
		if k.hvem.Noegle = r.Header.Get("Idempotency-Key"); len(k.hvem.Noegle) > maksNoegle {
			return mox.E("kald", mox.KodeForStor, "Idempotency-Key er på %d tegn; højst %d", len(k.hvem.Noegle), maksNoegle)
		}
		return f(k)
	})
}

// maa refuses whom the register is not for at all, before anything is read of the call. What in it a caller may, the register
// decides.
func maa(h register.Hvem, laeser bool) error {
	if len(h.Adgang.Skrive) > 0 || laeser && len(h.Adgang.Laese) > 0 {
		return nil
	}
	return mox.E("adgang", mox.KodeIkkeTilladt, "nøglen %s giver ikke adgang til registeret", h.Navn).
		Med("brug en nøgle med rollen drift, eller laeser for at læse; et system får adgang af maa_laese og maa_skrive i sin tilslutningsaftale")
}

func metoder(ved ressource) []string {
	var ud []string
	for m := range ved {
		ud = append(ud, m)
	}
	slices.Sort(ud)
	return ud
}

func (a *api) service(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := f(w, r)
		if err == nil {
			return
		}
		if problem.Af(err).Status >= 500 && r.Context().Err() == nil {
			a.log.Error("et kald til registeret kunne ikke besvares", "metode", r.Method, "adresse", r.Pattern, "fejl", mox.Maskeret(err.Error()))
		}
		problem.Skriv(w, r, err)
	})
}

// krop reads the body of a call about one objekt: JSON, or a form with the JSON in its field json, and documents.
func (a *api) krop(k *kald) (modtaget, error) { return a.kropTil(k, oio.MaksIndreBytes) }

// kropTil reads a body whose JSON is of at most maks bytes.
func (a *api) kropTil(k *kald, maks int64) (ud modtaget, err error) {
	t, p, err := mime.ParseMediaType(k.Header.Get("Content-Type"))
	if err != nil || p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
		return ud, andenType()
	}
	if t == "multipart/form-data" {
		return a.flerdelt(k)
	}
	_ = http.NewResponseController(k.w).SetReadDeadline(time.Now().Add(laesFrist)) // a ResponseWriter that has none is not a network's
	k.Body = http.MaxBytesReader(k.w, k.Body, maks)
	switch t {
	case "application/json":
		ud.json, err = io.ReadAll(k.Body)
		return ud, afbrudt(err)
	case "application/x-www-form-urlencoded":
		if err := k.ParseForm(); err != nil {
			return ud, afbrudt(err)
		}
		ud.json = []byte(k.PostForm.Get("json"))
		return ud, nil
	}
	return ud, andenType()
}

// hel reads a whole objekt.
func (a *api) hel(k *kald) (mox.Registrering, error) {
	m, err := a.krop(k)
	if err != nil {
		return mox.Registrering{}, err
	}
	k.medFiler(m)
	ny, err := oio.UnmarshalIndre(k.t(), m.json)
	if err != nil {
		return ny, err
	}
	return ny, a.indsaet(k.Context(), &ny, m.filer)
}

func andenType() error {
	return problem.Som(http.StatusUnsupportedMediaType, mox.E("kald", mox.KodeUgyldig, "kaldets Content-Type er hverken application/json eller en formular med JSON i feltet json").
		Med("send JSON i UTF-8, og sæt Content-Type: application/json"))
}

func afbrudt(err error) error {
	switch {
	case err == nil, errors.As(err, new(*http.MaxBytesError)):
		return err
	}
	return problem.Som(http.StatusBadRequest, mox.E("kald", mox.KodeUgyldig, "kaldet kunne ikke læses til ende").Med("send det igen"))
}

func (a *api) opret(k *kald) error {
	ny, err := a.hel(k)
	if err != nil {
		return err
	}
	ud, err := a.r.Opret(k.Context(), k.hvem, k.t(), ny)
	if err != nil {
		return err
	}
	k.w.Header().Set("Location", "/"+k.type_.Service+"/"+k.type_.Sti+"/"+string(ud.ObjektID))
	return k.registreret(http.StatusCreated, ud)
}

func (a *api) importer(k *kald) error {
	ny, err := a.hel(k)
	if err != nil {
		return err
	}
	ud, err := a.r.Importer(k.Context(), k.hvem, k.t(), k.id(), k.betingelse(), ny)
	if err != nil {
		return err
	}
	return k.registreret(http.StatusOK, ud)
}

func (a *api) ret(k *kald) error {
	m, err := a.krop(k)
	if err != nil {
		return err
	}
	k.medFiler(m)
	rettelse, passiver, err := oio.UnmarshalRettelse(k.t(), m.json)
	if err != nil {
		return err
	}
	if err := a.indsaet(k.Context(), &rettelse, m.filer); err != nil {
		return err
	}
	var ud register.Registreret
	if passiver {
		ud, err = a.r.Passiver(k.Context(), k.hvem, k.t(), k.id(), k.betingelse(), rettelse.NoteTekst)
	} else {
		ud, err = a.r.Ret(k.Context(), k.hvem, k.t(), k.id(), k.betingelse(), rettelse)
	}
	if err != nil {
		return err
	}
	return k.registreret(http.StatusOK, ud)
}

func (a *api) slet(k *kald) error {
	note, err := k.sletnote()
	if err != nil {
		return err
	}
	ud, err := a.r.Slet(k.Context(), k.hvem, k.t(), k.id(), k.betingelse(), note)
	if err != nil {
		return err
	}
	return k.registreret(http.StatusAccepted, ud)
}

// sletnote reads the note of a deletion: {"note": "…"}, or no body at all, whatever its type is said to be.
func (k *kald) sletnote() (string, error) {
	b, err := io.ReadAll(http.MaxBytesReader(k.w, k.Body, oio.MaksIndreBytes))
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return "", afbrudt(err)
	}
	k.aftryk(b, nil)
	r, _, err := oio.UnmarshalRettelse(k.t(), b)
	return r.NoteTekst, err
}

// betingelse is what the caller says must hold: one ETag, or "*".
func (k *kald) betingelse() register.Betingelse { return register.Betingelse(k.Header.Get("If-Match")) }

// registreret answers an operation: the UUID, or with Prefer: return=representation the objekt as it stands.
func (k *kald) registreret(status int, ud register.Registreret) error {
	h := k.w.Header()
	h.Set("ETag", ud.Version.ETag())
	if !strings.Contains(k.Header.Get("Prefer"), "return=representation") {
		return k.svar(status, map[string]mox.ObjektID{"uuid": ud.ObjektID})
	}
	h.Set("Preference-Applied", "return=representation")
	b, err := objekt(nil, k.t(), register.Laest{ObjektID: ud.ObjektID, Versioner: []register.Version{ud.Version}})
	if err != nil {
		return err
	}
	return k.raa(status, laestSom(ud.ObjektID, b))
}

// medFiler notes what came with the call.
func (k *kald) medFiler(m modtaget) {
	for _, f := range m.filer {
		k.hvem.Sendt = append(k.hvem.Sendt, f.sha)
	}
	k.aftryk(m.json, m.filer)
}

// aftryk notes what the call asks for, where the caller has given it a name.
func (k *kald) aftryk(krop []byte, filer map[string]fil) {
	if k.hvem.Noegle == "" {
		return
	}
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %s\n%s\n", k.Method, k.URL.Path, krop) // a hash takes anything
	for _, navn := range slices.Sorted(maps.Keys(filer)) {
		_, _ = fmt.Fprintf(h, "%s=%s\n", navn, filer[navn].sha)
	}
	k.hvem.Aftryk = hex.EncodeToString(h.Sum(nil)[:16])
}

func (k *kald) svar(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return k.raa(status, b)
}

func (k *kald) raa(status int, b []byte) error {
	h := k.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	k.w.WriteHeader(status)
	if k.Method != http.MethodHead {
		_, _ = k.w.Write(append(b, '\n')) // a caller that has gone is told nothing
	}
	return nil
}

// objekt appends one objekt as the field's JSON has it.
func objekt(b []byte, t mox.ObjektType, l register.Laest) ([]byte, error) {
	b = append(append(append(b, `{"id":"`...), l.ObjektID...), `",`...)
	return registreringer(b, t, l)
}

// registreringer appends the rest of an objekt.
func registreringer(b []byte, t mox.ObjektType, l register.Laest) ([]byte, error) {
	b = append(b, `"registreringer":[`...)
	for i, v := range l.Versioner {
		til := mox.Uendelig
		if !v.Til.IsZero() {
			til = mox.Kl(v.Til)
		}
		r, err := oio.MarshalLaest(t, medStore(v.Registrering), til)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return append(b, `]}`...), nil
}

func laestSom(id mox.ObjektID, objekt []byte) []byte {
	return slices.Concat([]byte(`{"`+string(id)+`":[`), objekt, []byte(`]}`))
}

func (a *api) laes(k *kald) error {
	s, err := soegningAf(k.type_, k.URL.Query())
	if err != nil {
		return err
	}
	if s.soeger {
		return mox.E("laes", mox.KodeUgyldig, "en UUID i adressen læses; den kan ikke også søges med").Med("brug kun parametre om tid")
	}
	ud, err := a.r.Laes(k.Context(), k.hvem, k.t(), k.id(), s.Tider)
	if err != nil {
		return err
	}
	b, err := objekt(nil, k.t(), ud)
	if err != nil {
		return err
	}
	k.w.Header().Set("ETag", ud.Versioner[0].ETag())
	return k.raa(http.StatusOK, laestSom(ud.ObjektID, b))
}

// find is List where only UUIDs and times are given, and Søg otherwise.
func (a *api) find(k *kald) error {
	s, err := soegningAf(k.type_, k.URL.Query())
	if err != nil {
		return err
	}
	if err := cprIAdressen(k.URL.RawQuery); err != nil {
		return err
	}
	return a.findEller(k, s)
}

func (a *api) soegForm(k *kald) error {
	k.Body = http.MaxBytesReader(k.w, k.Body, oio.MaksIndreBytes)
	if t, _, err := mime.ParseMediaType(k.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return problem.Som(http.StatusUnsupportedMediaType, mox.E("soeg", mox.KodeUgyldig, "parametrene skal sendes som en formular").
			Med("sæt Content-Type: application/x-www-form-urlencoded"))
	}
	if err := k.ParseForm(); err != nil {
		return afbrudt(err)
	}
	s, err := soegningAf(k.type_, k.PostForm)
	if err != nil {
		return err
	}
	return a.findEller(k, s)
}

func (a *api) findEller(k *kald, s soegning) error {
	if k.vilHaveLinjer() {
		return a.linjer(k, s)
	}
	if s.soeger || len(s.ObjektID) == 0 {
		return a.soeg(k, s)
	}
	laest, err := a.r.List(k.Context(), k.hvem, k.t(), s.ObjektID, s.Tider)
	if err != nil {
		return err
	}
	b := []byte(`{"results":[[`)
	for i, l := range laest {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = objekt(b, k.t(), l); err != nil {
			return err
		}
	}
	return k.raa(http.StatusOK, append(b, `]]}`...))
}

func (a *api) soeg(k *kald, s soegning) error {
	ids, err := a.r.Soeg(k.Context(), k.hvem, k.t(), s.Soegning)
	if err != nil {
		return err
	}
	b := make([]byte, 0, 32+40*len(ids))
	b = append(b, `{"results":[[`...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), id...), '"')
	}
	return k.raa(http.StatusOK, append(b, `]]}`...))
}
