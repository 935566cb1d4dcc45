package klient_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/klient"
)

// modtager runs Modtag until it is stopped, and gives each piece of work to the test, which answers it.
type modtager struct {
	t       *testing.T
	arbejde chan opgave
	stop    context.CancelFunc
	slut    chan error
}

// opgave is a piece of work in hand.
type opgave struct {
	klient.Arbejde
	ctx  context.Context
	svar chan klient.Udfald
}

func modtag(t *testing.T, k *klient.Klient) *modtager {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	m := &modtager{t: t, arbejde: make(chan opgave), stop: stop, slut: make(chan error, 1)}
	go func() {
		m.slut <- k.Modtag(ctx, sager, func(ctx context.Context, w klient.Arbejde) klient.Udfald {
			o := opgave{w, ctx, make(chan klient.Udfald)}
			select {
			case m.arbejde <- o:
				return <-o.svar
			case <-t.Context().Done():
				return klient.Midlertidig(0, "prøven er slut")
			}
		})
	}()
	t.Cleanup(stop)
	return m
}

// faar is the next piece of work, which must be of that besked.
func (m *modtager) faar(b mox.Besked) opgave {
	m.t.Helper()
	select {
	case o := <-m.arbejde:
		if o.Besked.ID != b.ID || o.Noegle == "" {
			m.t.Fatalf("got %+v, want the besked %s", o.Arbejde, b.ID)
		}
		return o
	case err := <-m.slut:
		m.t.Fatalf("it has ended: %v", err)
	case <-m.t.Context().Done():
		m.t.Fatal("nothing came")
	}
	return opgave{}
}

// slutter stops it, and waits until it has ended.
func (m *modtager) slutter() {
	m.t.Helper()
	m.stop()
	maa(m.t, <-m.slut)
}

// Each outcome makes of the besked what it should.
func TestModtag(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 35")
	h := nytHus(t)
	log := nyLogbog()
	m := modtag(t, h.klient(t, "esdh", klient.Options{Ejer: "modtager-1", Log: slog.New(log)}))
	for navn, c := range map[string]struct {
		udfald   klient.Udfald
		tilstand mox.LeveranceTilstand
		ansvar   mox.Ansvar
		igen     bool // it is given out again, with the same key
	}{
		"accepteret":           {klient.Accepteret(), mox.Leveret, "", false},
		"afvist hos afsender":  {klient.Afvist(mox.AnsvarAfsender, "intet sagsnummer"), mox.Parkeret, mox.AnsvarAfsender, false},
		"afvist hos modtager":  {klient.Afvist(mox.AnsvarModtager, "sagen er lukket"), mox.Parkeret, mox.AnsvarModtager, false},
		"fejlet":               {klient.Fejlet("journalen er i stykker"), mox.Parkeret, mox.AnsvarModtager, false},
		"midlertidig":          {klient.Midlertidig(0, "senere"), mox.Leveret, "", true},
		"ved det ikke":         {klient.Udfald{}, mox.Leveret, "", true},
		"et udfald, der ingen": {klient.Udfald{Udfald: mox.Udfald{Resultat: "godkendt"}}, mox.Leveret, "", true},
		"en tekst med NUL":     {klient.Fejlet("a\x00b"), mox.Leveret, "", true},
	} {
		b := h.sendt(t)
		foerste := m.faar(b)
		if foerste.Forsoeg != 1 || foerste.Usikker || foerste.Ejer != "fjern/esdh/modtager-1" || foerste.ctx.Err() != nil {
			t.Errorf("%s: %+v", navn, foerste.Arbejde)
		}
		foerste.svar <- c.udfald
		if c.igen {
			anden := m.faar(b)
			if anden.Forsoeg != 2 || anden.Noegle != foerste.Noegle {
				t.Errorf("%s: %+v", navn, anden.Arbejde)
			}
			anden.svar <- klient.Accepteret()
		}
		log.vent(t, "tilstand="+string(c.tilstand))
		if l := h.leverance(t, b.ID); l.Tilstand != c.tilstand || l.Ansvar != c.ansvar {
			t.Errorf("%s: %+v", navn, l)
		}
	}
	m.slutter()
}

// A wait that the receiver asks for is kept, and so are the key it has given the objekt and the answer it shows.
func TestUdfaldetsTilbehoer(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := h.klient(t, "esdh", klient.Options{})
	b := h.sendt(t)
	hent := func() klient.Arbejde {
		t.Helper()
		w, err := k.Hent(t.Context(), sager, "a", 1, 0, 20*time.Second)
		maa(t, err)
		if len(w) != 1 {
			t.Fatalf("%+v", w)
		}
		return w[0]
	}
	u := klient.Accepteret()
	u.Noegle, u.Svar = "ESDH-17", []byte("<ok/>")
	ud, err := k.Afslut(t.Context(), hent(), u)
	if err != nil || ud.Tilstand != mox.Leveret || ud.ForSent {
		t.Errorf("%+v %v", ud, err)
	}
	b = h.sendt(t, func(ny *mox.Besked) { ny.ObjektID = b.ObjektID })
	w := hent()
	if w.Noegler[string(b.ObjektID)] != "ESDH-17" {
		t.Errorf("%+v", w)
	}
	ud, err = k.Afslut(t.Context(), w, klient.Midlertidig(time.Hour, "senere"))
	if err != nil || ud.Tilstand != mox.Udsat {
		t.Errorf("%+v %v", ud, err)
	}
	if om := time.Until(h.leverance(t, b.ID).Naeste); om < 50*time.Minute || om > 70*time.Minute {
		t.Errorf("tried again in %v", om)
	}
}

// While MOX is gone it is asked again, and an outcome that has not come through is told when MOX is back: done once.
func TestModtagNaarMOXErVaek(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		svigt fejlnet.Mode
		naaet bool // the report came through, and its answer was lost
	}{"forbindelsen er nede": {fejlnet.Down, false}, "kun svaret går tabt": {fejlnet.ResetAnswers, true}} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			p, log := fejlnet.New(t, h.http.Listener.Addr().String()), nyLogbog()
			p.Set(fejlnet.Down)
			m := modtag(t, h.over(t, p, log, time.Minute))
			log.vent(t, "kan ikke hente arbejde")
			log.vent(t, "igen_om=500ms") // it waits longer and longer
			p.Set(fejlnet.Pass)

			b := h.sendt(t)
			o := m.faar(b)
			p.Set(c.svigt)
			o.svar <- klient.Accepteret()
			log.vent(t, "leveringsforsøget kunne ikke meldes")
			if l := h.leverance(t, b.ID); (l.Tilstand == mox.Leveret) != c.naaet {
				t.Errorf("meanwhile %s", l.Tilstand)
			}
			p.Set(fejlnet.Pass)
			log.vent(t, "tilstand=Leveret")

			naeste := h.sendt(t)
			m.faar(naeste).svar <- klient.Accepteret() // and the first was done once
			log.vent(t, "tilstand=Leveret")
			m.slutter()
			if l := h.leverance(t, b.ID); l.Tilstand != mox.Leveret || l.Forsoeg != 1 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// An answer with work that nobody got is not lost: the work is given out again when its lease has ended.
func TestArbejdetGikTabtPaaVejen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	p, log := fejlnet.New(t, h.http.Listener.Addr().String()), nyLogbog()
	p.Set(fejlnet.ResetAnswers)
	b := h.sendt(t)
	m := modtag(t, h.over(t, p, log, leje))
	log.vent(t, "kan ikke hente arbejde")
	h.udloeb(t)
	p.Set(fejlnet.Pass)
	o := m.faar(b)
	if !o.Usikker || o.Forsoeg < 2 {
		t.Errorf("%+v", o.Arbejde)
	}
	o.svar <- klient.Accepteret()
	log.vent(t, "tilstand=Leveret")
	m.slutter()
}

// fornyelser counts the renewals that MOX is asked for.
func (h *hus) fornyelser() <-chan struct{} {
	ud := make(chan struct{}, 100)
	h.ved(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/forny") {
			ud <- struct{}{}
		}
	})
	return ud
}

// Work that takes longer than its lease is kept by the one who does it.
func TestLejemaaletFornyes(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	fornyet := h.fornyelser()
	log := nyLogbog()
	m := modtag(t, h.klient(t, "esdh", klient.Options{Leje: leje, Log: slog.New(log)}))
	b := h.sendt(t)
	o := m.faar(b)
	for time.Now().Before(o.LejetTil.Add(leje)) {
		<-fornyet
		n, err := h.d.AfslutUdloebne(t.Context())
		maa(t, err)
		if n != 0 || o.ctx.Err() != nil {
			t.Fatalf("the lease has ended: %v", context.Cause(o.ctx))
		}
	}
	o.svar <- klient.Accepteret()
	if l := log.vent(t, "tilstand="); !strings.Contains(l, "tilstand=Leveret") || strings.Contains(l, "for_sent") {
		t.Error(l)
	}
	m.slutter()
	if l := h.leverance(t, b.ID); l.Forsoeg != 1 {
		t.Errorf("%+v", l)
	}
}

// One who has lost the work is told by its context, and what it then reports changes nothing: MOX gives it out again.
func TestTabtLejemaal(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	log := nyLogbog()
	m := modtag(t, h.klient(t, "esdh", klient.Options{Leje: leje, Log: slog.New(log)}))
	b := h.sendt(t)
	foerste := m.faar(b)
	h.udloeb(t)
	<-foerste.ctx.Done()
	if err := context.Cause(foerste.ctx); errors.Is(err, context.Canceled) {
		t.Errorf("the cause is not told: %v", err)
	}
	foerste.svar <- klient.Fejlet("afbrudt")
	log.vent(t, "for_sent=true")
	anden := m.faar(b)
	if anden.Forsoeg != 2 || anden.Noegle != foerste.Noegle {
		t.Errorf("%+v", anden.Arbejde)
	}
	anden.svar <- klient.Accepteret()
	log.vent(t, "tilstand=Leveret")
	m.slutter()
}

// A renewal that does not come through is tried again, and the work goes on.
func TestFornyelsenKommerIkkeFrem(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	p, log := fejlnet.New(t, h.http.Listener.Addr().String()), nyLogbog()
	m := modtag(t, h.over(t, p, log, leje))
	b := h.sendt(t)
	o := m.faar(b)
	for _, svigt := range []fejlnet.Mode{fejlnet.Down, fejlnet.Drop} { // refused, and never answered
		p.Set(svigt)
		log.vent(t, "lejemålet kunne ikke fornyes")
	}
	fornyet := h.fornyelser()
	p.Set(fejlnet.Pass)
	<-fornyet
	if o.ctx.Err() != nil {
		t.Errorf("the work was stopped: %v", context.Cause(o.ctx))
	}
	o.svar <- klient.Accepteret()
	log.vent(t, "tilstand=Leveret")
	m.slutter()
}

// A function that goes down takes nothing with it: MOX is told that nobody knows, and the next attempt has the same key. What
// it said as it went down is told with no CPR number, and not to MOX.
func TestFunktionenGaarNed(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	b := h.sendt(t)
	log := nyLogbog()
	k := h.klient(t, "esdh", klient.Options{Log: slog.New(log)})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var noegler []string
	maa(t, k.Modtag(ctx, sager, func(_ context.Context, w klient.Arbejde) klient.Udfald {
		if noegler = append(noegler, w.Noegle); len(noegler) == 1 {
			panic("kender ikke 010203-1234")
		}
		if l := h.leverance(t, b.ID); w.Forsoeg != 2 || !w.Usikker || l.Kode != "panik" {
			t.Errorf("%+v %+v", w, l)
		}
		stop()
		return klient.Accepteret()
	}))
	if len(noegler) != 2 || noegler[0] != noegler[1] {
		t.Errorf("%q", noegler)
	}
	if l := log.vent(t, "gik ned"); !strings.Contains(l, "modtag_test.go") || strings.Contains(l, "1234") {
		t.Error(l)
	}
	if l := h.leverance(t, b.ID); l.Tilstand != mox.Leveret {
		t.Errorf("%+v", l)
	}
}

// Stopped in the middle, it ends what it has begun, reports it, and takes nothing more.
func TestStandsetMidtIArbejdet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	m := modtag(t, h.klient(t, "esdh", klient.Options{}))
	b := h.sendt(t)
	o := m.faar(b)
	rest := h.sendt(t)
	m.stop()
	select {
	case err := <-m.slut:
		t.Fatalf("it ended before the work: %v", err)
	default:
	}
	if o.ctx.Err() != nil {
		t.Error("the work was stopped")
	}
	o.svar <- klient.Accepteret()
	maa(t, <-m.slut)
	if l := h.leverance(t, b.ID); l.Tilstand != mox.Leveret {
		t.Errorf("%+v", l)
	}
	if l := h.leverance(t, rest.ID); l.Tilstand != mox.Afventer {
		t.Errorf("%+v", l)
	}
}

// Stopped while it waits for work, while it waits to try again, and while it cannot report, it ends.
func TestStandsetMensDerVentes(t *testing.T) {
	t.Parallel()
	t.Run("på arbejde", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		kaldt := make(chan struct{}, 1)
		h.ved(func(*http.Request) { kaldt <- struct{}{} })
		m := modtag(t, h.klient(t, "esdh", klient.Options{}))
		<-kaldt
		m.slutter()
	})
	t.Run("på MOX", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		p, log := fejlnet.New(t, h.http.Listener.Addr().String()), nyLogbog()
		p.Set(fejlnet.Down)
		m := modtag(t, h.over(t, p, log, leje))
		log.vent(t, "kan ikke hente arbejde")
		m.slutter()
	})
	t.Run("på at melde", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		p, log := fejlnet.New(t, h.http.Listener.Addr().String()), nyLogbog()
		m := modtag(t, h.over(t, p, log, leje))
		b := h.sendt(t)
		o := m.faar(b)
		p.Set(fejlnet.Drop) // MOX hangs, and does not come back
		m.stop()
		o.svar <- klient.Accepteret()
		if l := log.vent(t, "leveringsforsøg kunne ikke meldes"); !strings.Contains(l, "mens lejemålet varede") {
			t.Error(l)
		}
		maa(t, <-m.slut)
		if l := h.leverance(t, b.ID); l.Tilstand != mox.UnderLevering {
			t.Errorf("%+v", l) // until its lease ends
		}
	})
}

// What MOX refuses and would refuse again is the caller's to mend; what something on the way answers is not MOX's word.
func TestModtagAfvises(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	aldrig := func(context.Context, klient.Arbejde) klient.Udfald {
		t.Error("work came")
		return klient.Udfald{}
	}
	kode(t, h.klient(t, "esdh", klient.Options{}).Modtag(t.Context(), "findes.ikke", aldrig), mox.KodeIkkeFundet)
	kode(t, h.klient(t, "byggesag", klient.Options{}).Modtag(t.Context(), sager, aldrig), mox.KodeIkkeTilladt)
	fremmed, err := klient.New(h.http.URL, "en-anden-noegle", klient.Options{})
	maa(t, err)
	defer fremmed.Luk()
	kode(t, fremmed.Modtag(t.Context(), sager, aldrig), mox.KodeIkkeLoggetInd)

	nyere := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"arbejde":[{"leverance":1,"besked":{"beskedID":"urn:a:b","nyt":1}}]}`)
	})
	kode(t, nyere.Modtag(t.Context(), sager, aldrig), mox.KodeUgyldig)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var kald atomic.Int64
	mellemled := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "default backend - 404")
		if kald.Add(1) == 2 {
			stop()
		}
	})
	maa(t, mellemled.Modtag(ctx, sager, aldrig))
	if kald.Load() < 2 {
		t.Errorf("asked %d times", kald.Load())
	}
}

// Several at once never hold two beskeder about one objekt.
func TestFlereModtagere(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := h.klient(t, "esdh", klient.Options{})
	foerst := h.sendt(t)
	sidst := h.sendt(t, func(b *mox.Besked) { b.ObjektID = foerst.ObjektID })
	a := modtag(t, k)
	o := a.faar(foerst)
	b := modtag(t, k)
	andet := h.sendt(t)
	b.faar(andet).svar <- klient.Accepteret() // past the one that waits for its objekt
	o.svar <- klient.Accepteret()
	select {
	case o = <-a.arbejde:
	case o = <-b.arbejde:
	}
	if o.Besked.ID != sidst.ID {
		t.Errorf("%+v", o.Arbejde)
	}
	o.svar <- klient.Accepteret()
	a.slutter()
	b.slutter()
}
