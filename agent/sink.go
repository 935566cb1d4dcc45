package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/oio"
)

// standardLeje is how long a worker may be silent about a leverance before it is taken for dead. It renews while it works.
const standardLeje = time.Minute

// laengsteVent is how long a worker waits for work at a time.
const laengsteVent = 20 * time.Second

// sink brings beskeder into the system.
type sink struct {
	agent *Agent
	spec  *SinkSpec
	sink  connector.Sink
	id    mox.AbonnementID
	log   *slog.Logger
}

// run is one worker: claim, do, report, until ctx ends.
func (s *sink) run(ctx context.Context, ejer string) {
	fejl := 0
	for ctx.Err() == nil {
		arbejde, err := s.agent.server.Hent(ctx, s.id, ejer, 1, s.agent.o.Leje, laengsteVent)
		if err != nil {
			if ctx.Err() == nil {
				fejl++
				s.log.Error("kan ikke hente arbejde", "fejl", err, "igen_om", service.Backoff(fejl))
				service.Wait(ctx, service.Backoff(fejl))
			}
			continue
		}
		fejl = 0
		for _, w := range arbejde {
			s.arbejd(context.WithoutCancel(ctx), w)
		}
	}
}

// arbejd makes one attempt and reports it. ctx is not cancelled when the agent stops: an attempt that has begun is ended.
func (s *sink) arbejd(ctx context.Context, w distributor.Arbejde) {
	start := time.Now()
	stop := s.forny(ctx, w)
	f := s.forsoeg(ctx, w)
	stop()
	s.agent.o.Punkt("virkning.efter")
	ud, err := distributor.Meld(ctx, s.agent.server, f)
	log := s.log.With("besked", mox.Maskeret(string(w.Besked.ID)), "leverance", w.Leverance, "omgang", w.Omgang, "forsoeg", w.Forsoeg, "resultat", f.Udfald.Resultat,
		"kode", f.Udfald.Kode, "ms", time.Since(start).Milliseconds())
	switch {
	case err != nil:
		log.Error("leveringsforsøg kunne ikke meldes", "fejl", err)
	case f.Udfald.Resultat == mox.ResAccepteret:
		log.Info("leveringsforsøg", "tilstand", ud.Tilstand)
	default:
		log.Warn("leveringsforsøg", "tilstand", ud.Tilstand, "grund", mox.Maskeret(f.Udfald.Tekst))
	}
}

// forny keeps the lease while the call is in flight.
func (s *sink) forny(ctx context.Context, w distributor.Arbejde) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	faerdig := make(chan struct{})
	go func() {
		defer close(faerdig)
		t := time.NewTicker(s.agent.o.Leje / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if _, err := s.agent.server.Forny(ctx, w.Ejer, []int64{w.Leverance}, s.agent.o.Leje); err != nil && ctx.Err() == nil {
					s.log.Warn("lejemålet kunne ikke fornyes", "leverance", w.Leverance, "fejl", err)
				}
			}
		}
	}()
	return func() {
		cancel()
		<-faerdig
	}
}

// forsoeg does the work of one leverance and judges the answer.
func (s *sink) forsoeg(ctx context.Context, w distributor.Arbejde) distributor.Afslutning {
	f := distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Agent: s.agent.spec.Agent, ActsAs: s.agent.spec.ActsAs}
	call, oversat, err := s.call(w)
	if err != nil {
		f.Udfald = oversaettelsesfejl(err)
		return f
	}
	a, fundet, err := s.kald(ctx, w, call)
	if err != nil {
		f.Udfald = s.kaldfejl(err)
		return f
	}
	f.Svar = a.Raw
	f.Udfald = s.doem(a)
	if fundet { // the code is that of the lookup
		f.Udfald = mox.Udfald{Resultat: mox.ResAccepteret, Kode: a.Code, Tekst: "fundet ved opslag: et tidligere forsøg havde virket"}
	}
	if f.Udfald.Resultat != mox.ResAccepteret || w.Besked.Type == mox.TypeSletning {
		return f
	}
	if err := s.svar(&f, w, call, oversat, a.Fields); err != nil {
		f.Udfald = s.svarfejl(err)
	}
	return f
}

// svarfejl is what an accepting answer that cannot be used makes of the attempt: the system has done its part, so the work
// is not to be done again. Where a repeat would be a second effect, a person is asked what the answer was to tell.
func (s *sink) svarfejl(err error) mox.Udfald {
	u := mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "svar_kan_ikke_oversaettes", Tekst: err.Error()}
	if s.spec.Gentag == GentagNej {
		u.Resultat = mox.ResUkendt
	}
	return u
}

// kald asks first, where an earlier attempt may have had its effect and the system can be asked, and else makes the call.
// fundet tells that the effect was there already. After a person's gensend it asks too: they cannot know. What is to be erased
// is not asked for: that it is there tells that it is to be done, and it can be done twice.
func (s *sink) kald(ctx context.Context, w distributor.Arbejde, c connector.Call) (a connector.Answer, fundet bool, err error) {
	if s.spec.Gentag == GentagOpslag && (w.Usikker || w.Omgang > 1) && w.Besked.Type != mox.TypeSletning {
		a, fundet, err := s.sink.Lookup(ctx, c)
		if err != nil || fundet {
			return a, fundet, ikkeSket(err)
		}
	}
	s.agent.o.Punkt("virkning.foer")
	a, err = s.sink.Write(ctx, c)
	return a, false, err
}

// ikkeSket is a failed lookup as what it is: nothing was done.
func ikkeSket(err error) error {
	var e *connector.Error
	if errors.As(err, &e) {
		ny := *e
		ny.Unknown = false
		return &ny
	}
	return err
}

// mailadresse is [connector.Env.Address]: the register's address of a Bruger. spec: oio 97
func (s *sink) mailadresse(ctx context.Context, c connector.Call, bruger string) (string, error) {
	const op = "opslag efter mailadresse"
	adresse, err := s.agent.server.Mailadresse(ctx, s.id, bruger)
	switch kode := mox.KodeAf(err); {
	case err == nil:
		return adresse, nil
	case slices.Contains([]mox.Kode{mox.KodeIkkeFundet, mox.KodeSlettet, mox.KodeGlemt, mox.KodeUgyldig}, kode):
		s.log.Warn("en modtager af advis har ingen mailadresse", "bruger", mox.Maskeret(bruger), "besked", mox.Maskeret(c.Vars[svarBesked+"beskedID"]), "grund", err)
		return "", connector.ErrNoAddress
	case kode == mox.KodeIkkeTilladt:
		return "", &connector.Error{Op: op, Err: fmt.Errorf("%w; tilslutningsaftalen skal give maa_laese til Bruger", err)}
	}
	return "", &connector.Error{Op: op, Err: err, Temporary: true}
}

func (s *sink) kaldfejl(err error) mox.Udfald {
	tekst := err.Error()
	switch {
	case connector.Unknown(err):
		return mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar", Tekst: tekst}
	case connector.Temporary(err):
		return mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "utilgaengelig", Tekst: tekst}
	}
	return mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "kald", Tekst: tekst}
}

func oversaettelsesfejl(err error) mox.Udfald {
	var ukendt *mapping.UnknownReference
	if errors.As(err, &ukendt) {
		return mox.Udfald{Resultat: mox.ResMidlertidig, Ansvar: mox.AnsvarModtager, Kode: string(mox.KodeUkendtReference), Tekst: err.Error()}
	}
	return mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "kan_ikke_oversaettes", Tekst: err.Error()}
}

// doem says what an answer means: as the sink's rules name it, else by what the code says of itself.
func (s *sink) doem(a connector.Answer) mox.Udfald {
	u := mox.Udfald{Kode: a.Code, Tekst: ellers(a.Text, "svar "+a.Code), Efter: a.After}
	switch ansvar, afvist := s.afvist(a.Code); {
	case s.accepteret(a.Code):
		u.Resultat = mox.ResAccepteret
	case afvist:
		u.Resultat, u.Ansvar = mox.ResAfvist, ansvar
	case naevnt(s.spec.Answer.Midlertidig, a.Code) || a.Code == "429" || a.Code == "503":
		u.Resultat = mox.ResMidlertidig
	case serverfejl(a.Code):
		u.Resultat = mox.ResUkendt // it may have failed after the effect
	default:
		u.Resultat, u.Ansvar = mox.ResFejlet, mox.AnsvarMOX
	}
	return u
}

func (s *sink) accepteret(kode string) bool {
	if len(s.spec.Answer.Accepted) > 0 {
		return naevnt(s.spec.Answer.Accepted, kode)
	}
	return kode == "ok" || len(kode) == 3 && kode[0] == '2'
}

func (s *sink) afvist(kode string) (mox.Ansvar, bool) {
	for k, ansvar := range s.spec.Answer.Rejected {
		if fmt.Sprint(k) == kode {
			return ansvar, true
		}
	}
	return "", false
}

func naevnt(koder []any, kode string) bool {
	return slices.ContainsFunc(koder, func(k any) bool { return fmt.Sprint(k) == kode })
}

// serverfejl reports whether the code says that the system itself failed: HTTP 5xx, or a SOAP fault that is its own.
func serverfejl(kode string) bool {
	if len(kode) == 3 && kode[0] == '5' {
		return true
	}
	foerste, _, _ := strings.Cut(kode, ".")
	return foerste == "Server" || foerste == "Receiver"
}

func ellers(s, andet string) string {
	if s == "" {
		return andet
	}
	return s
}

// kaldFelt begins the name of a local field in a template.
const kaldFelt = "felt."

// oversaet gives the local fields that the sink writes of a besked's values.
func (k *SinkSpec) oversaet(oio, noegler map[string]string, sted string) (map[string]any, error) {
	return k.table.ToSystem(mapping.Document{OIO: oio, Only: k.Felter, Where: sted,
		Keys: func(_, ref string) (string, bool) { n, ok := noegler[ref]; return n, ok }})
}

// call forms the call that brings the besked into the system. oversat is the besked's content by sti.
func (s *sink) call(w distributor.Arbejde) (c connector.Call, oversat map[string]string, err error) {
	oversat, err = flad(&w.Besked, s.agent.o.Koder)
	if err != nil {
		return c, nil, err
	}
	if w.Besked.Type == mox.TypeSletning {
		c, err = sletkald(&w, oversat)
		return c, oversat, err
	}
	felter, err := s.spec.oversaet(oversat, w.Noegler, string(w.Besked.ID))
	if err != nil {
		return c, nil, err
	}
	noegle, kendt := w.Noegler[string(w.Besked.ObjektID)]
	c = connector.Call{Operation: operation(w.Besked.LivscyklusKode, kendt), Key: w.Noegle, Fields: felter,
		Vars: vars(noegle, w.Noegle, oversat, felter), Content: map[string]connector.Opener{}}
	for _, felt := range s.spec.KunAdresse {
		delete(felter, felt)
	}
	for felt, v := range felter {
		if sha, ok := indholdIn(v); ok {
			c.Content[felt] = func(ctx context.Context) (io.ReadCloser, error) { return s.agent.server.HentIndhold(ctx, s.id, sha) }
			delete(felter, felt)
		}
	}
	return c, oversat, nil
}

// sletkald forms the call that erases the besked's objekt in the system. There is nothing to map: the order holds no values.
func sletkald(w *distributor.Arbejde, oversat map[string]string) (connector.Call, error) {
	noegle, kendt := w.Noegler[string(w.Besked.ObjektID)]
	if !kendt {
		return connector.Call{}, errors.New("MOX kender ikke systemets nøgle for objektet; slet det i systemet, og luk fejlen med en begrundelse")
	}
	felter := map[string]any{}
	return connector.Call{Operation: operation(mox.Slettet, true), Key: w.Noegle, Fields: felter, Vars: vars(noegle, w.Noegle, oversat, felter), Content: map[string]connector.Opener{}}, nil
}

func indholdIn(v any) (sha string, ok bool) {
	t, ok := v.(string)
	if !ok {
		return "", false
	}
	return indhold.Sha(t)
}

// operation is which of the sink's operations fits: what the system does not know must be made first.
func operation(k mox.LivscyklusKode, kendt bool) string {
	switch {
	case !kendt:
		return "opret"
	case k == mox.Passiveret:
		return "passiver"
	case k == mox.Slettet:
		return "slet"
	}
	return "ret"
}

// vars are the values that addresses and file names may hold.
func vars(noegle, gentagelse string, oversat map[string]string, felter map[string]any) map[string]string {
	ud := map[string]string{"key": noegle, "noegle": gentagelse}
	for k, v := range oversat {
		if strings.HasPrefix(k, svarBesked) {
			ud[k] = v
		}
	}
	for k, v := range felter {
		ud[kaldFelt+k] = mapping.Text(v)
	}
	return ud
}

// flad is what a besked says, by sti: its content as it stands now, and its metadata as "besked.<felt>".
func flad(b *mox.Besked, k oio.Koder) (map[string]string, error) {
	kopi := *b
	r, ok, err := oio.KontrollerMed(&kopi, k)
	if err != nil {
		return nil, err
	}
	ud := map[string]string{}
	if type_, kendt := mox.TypeAf(b.ObjektType); ok && kendt {
		ud = r.Udflad(type_, r.FraStart(type_, mox.Kl(b.Registreringstid)))
	}
	for _, f := range mox.Beskedfelter() {
		if v := f.Hent(b); len(v) == 1 && !f.Flere {
			ud["besked."+f.Navn] = v[0]
		}
	}
	return ud, nil
}
