package snitflade_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox/afproevning/snitflade"
	"github.com/moxkit/mox/afproevning/systemer/modpart"
	"github.com/moxkit/mox/internal/testenv"
)

const (
	hemmelighed = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	apiNoegle   = "proeve-noegle-1"
)

// opsaetning is one way to set a product up.
type opsaetning struct {
	navn    string
	rolle   snitflade.Rolle
	carrier snitflade.Carrier
	former  []snitflade.Form
	adgang  string
	svar    string
	kvit    bool
}

func afsendere() []opsaetning {
	return []opsaetning{
		{navn: "amqp headers", rolle: snitflade.Afsender, carrier: snitflade.AMQP, former: []snitflade.Form{snitflade.Headers}, svar: "standardretur"},
		{navn: "amqp kuvert", rolle: snitflade.Afsender, carrier: snitflade.AMQP, former: []snitflade.Form{snitflade.Kuvert}, svar: "standardretur"},
		{navn: "amqp uden svar", rolle: snitflade.Afsender, carrier: snitflade.AMQP, former: []snitflade.Form{snitflade.Headers}, svar: "ack"},
		{navn: "http binaer", rolle: snitflade.Afsender, carrier: snitflade.HTTP, former: []snitflade.Form{snitflade.Binaer}, adgang: "signatur"},
		{navn: "http struktureret", rolle: snitflade.Afsender, carrier: snitflade.HTTP, former: []snitflade.Form{snitflade.Struktureret}, adgang: "noegle"},
		{navn: "http modtagbesked", rolle: snitflade.Afsender, carrier: snitflade.HTTP, former: []snitflade.Form{snitflade.ModtagBesked}},
	}
}

func modtagere() []opsaetning {
	alle := []snitflade.Form{snitflade.Binaer, snitflade.Struktureret, snitflade.Kuvert}
	omvendt := []snitflade.Form{snitflade.Struktureret, snitflade.Binaer, snitflade.Kuvert}
	amqp := []snitflade.Form{snitflade.Headers, snitflade.Kuvert}
	return []opsaetning{
		{navn: "amqp standardretur", rolle: snitflade.Modtager, carrier: snitflade.AMQP, former: amqp, svar: "standardretur", kvit: true},
		{navn: "amqp ack", rolle: snitflade.Modtager, carrier: snitflade.AMQP, former: amqp, svar: "ack"},
		{navn: "amqp kvittering", rolle: snitflade.Modtager, carrier: snitflade.AMQP, former: amqp, svar: "kvittering", kvit: true},
		{navn: "http signatur", rolle: snitflade.Modtager, carrier: snitflade.HTTP, former: alle, adgang: "signatur", kvit: true},
		{navn: "http noegle", rolle: snitflade.Modtager, carrier: snitflade.HTTP, former: omvendt, adgang: "noegle"},
	}
}

// How long a product has in these tests. A wrong peer that does nothing uses all of it; a machine that is busy with other things
// needs more.
const (
	frist     = 30 * time.Second
	kortFrist = 2 * time.Second
)

// proev runs the whole case set against a product that is set up so and does fejl wrong. Many may run at once.
func (o opsaetning) proev(t *testing.T, broker, fejl string, proever []snitflade.Proeve, frist time.Duration) (_ *snitflade.Resultat, err error) {
	lytter, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = lytter.Close() }() // the test of the product has closed it
	c := modpart.Config{Fejl: fejl, System: "Byggesag", Svar: o.svar == "standardretur", Form: string(o.former[0]), Vent: 10 * time.Millisecond}
	p := map[string]any{"produkt": "Modpart", "version": "1", "leverandoer": "MOX' egne prøver", "rolle": o.rolle, "carrier": o.carrier, "system": "Byggesag",
		"former": o.former, "frist": frist.String(), "ro": "0s"}
	for navn, v := range map[string]string{"adgang": o.adgang, "svar": o.svar} {
		if v != "" {
			p[navn] = v
		}
	}
	opt := snitflade.Options{Niveau: snitflade.Udvidet, Proever: proever, Lytter: lytter}
	vej := map[string]any{}
	if o.carrier == snitflade.AMQP {
		c.AMQP, c.Exchange = gennem(broker, lytter), "ind."+strings.ToLower(rand.Text())
		vej["maegler"], p["amqp"] = broker, vej
	} else {
		c.URL, p["http"] = "http://"+lytter.Addr().String()+"/beskeder", vej
		vej["lyt"] = lytter.Addr().String()
	}
	switch o.adgang {
	case "signatur":
		c.Hemmelighed, vej["hemmelighed"] = hemmelighed, hemmelighed
	case "noegle":
		c.Noegle, vej["noegle"] = apiNoegle, apiNoegle
	}
	luk, err := o.produkt(c, p, vej, &opt)
	if err != nil {
		return nil, err
	}
	defer luk()
	profil, err := laesProfil(t.TempDir(), p)
	if err != nil {
		return nil, err
	}
	return snitflade.Koer(t.Context(), profil, opt)
}

// produkt starts the product, and tells the profile how it is reached.
func (o opsaetning) produkt(c modpart.Config, p, vej map[string]any, opt *snitflade.Options) (luk func(), err error) {
	var haandtag http.Handler
	var stop func()
	if o.rolle == snitflade.Afsender {
		a := modpart.NyAfsender(c)
		haandtag, stop = a, a.Luk
		if c.AMQP != "" {
			vej["exchange"] = c.Exchange
		}
	} else {
		m, err := o.modtager(c, p, vej, opt)
		if err != nil {
			return nil, err
		}
		haandtag, stop = m, m.Luk
	}
	server := httptest.NewServer(haandtag)
	stimulus := map[string]any{}
	for navn := range snitflade.Stimulustekster(o.rolle) {
		stimulus[navn] = map[string]any{"url": server.URL + "/" + navn + "?cpr={{cpr}}&kendetegn={{kendetegn}}"}
	}
	p["stimulus"] = stimulus
	if o.rolle == snitflade.Modtager {
		p["effekt"] = map[string]any{"metode": "GET", "url": server.URL + "/effekt?beskedID={{beskedID}}&objektID={{objektID}}"}
		if c.AMQP == "" {
			vej["url"] = server.URL + "/beskeder"
		}
	}
	return func() {
		stop()
		server.Close()
	}, nil
}

func (o opsaetning) modtager(c modpart.Config, p, vej map[string]any, opt *snitflade.Options) (*modpart.Modtager, error) {
	if o.carrier == snitflade.AMQP {
		c.Koe = strings.Replace(c.Exchange, "ind", "ud", 1)
		vej["koe"] = c.Koe
		if o.kvit {
			p["kvitteringer"] = map[string]any{"exchange": c.Exchange}
		} else {
			c.Exchange = ""
		}
		return modpart.NyModtager(c)
	}
	c.URL = ""
	delete(vej, "lyt")
	if o.kvit {
		var err error
		if opt.KvitteringsLytter, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		adresse := opt.KvitteringsLytter.Addr().String()
		c.URL = "http://" + adresse + "/kvitteringer"
		p["kvitteringer"] = map[string]any{"lyt": adresse}
	}
	return modpart.NyModtager(c)
}

// gennem is the broker's address over the line.
func gennem(adresse string, l net.Listener) string {
	u, err := url.Parse(adresse)
	if err != nil {
		return "" // the product tells that it cannot connect
	}
	u.Host = l.Addr().String()
	return u.String()
}

func laesProfil(dir string, p map[string]any) (*snitflade.Profil, error) {
	b, err := yaml.Marshal(p)
	if err != nil {
		return nil, err
	}
	fil := filepath.Join(dir, "profil.yaml")
	if err := os.WriteFile(fil, b, 0o600); err != nil {
		return nil, err
	}
	return snitflade.LaesProfil(fil)
}

// A product that does all right passes every case that is about it, and nothing is left untried.
func TestDenRetteModpart(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t)
	for _, o := range append(afsendere(), modtagere()...) {
		t.Run(o.navn, func(t *testing.T) {
			t.Parallel()
			r, err := o.proev(t, broker.URL, "", nil, frist)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r.Proever {
				if p.Status != snitflade.Bestaaet {
					t.Errorf("%s %s: %s: %s", p.ID, p.Navn, p.Status, p.Grund)
				}
			}
			if r.Dom != snitflade.SamletBestaaet || len(r.Proever) < 20 {
				t.Errorf("%s, %d cases", r.Dom, len(r.Proever))
			}
		})
	}
}

// TestHverSinModpart runs the whole set against each case's wrong peer, and demands that exactly that case fails, with those that
// it says must fail with it.
func TestHverSinModpart(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t).URL
	var alle errgroup.Group
	alle.SetLimit(8) // a wrong peer waits at times
	var mu sync.Mutex
	medfejlet := map[string][]string{}
	proever := snitflade.Proever()
	for _, p := range proever {
		for _, c := range p.Carrier {
			o, ok := passende(p, c)
			if !ok {
				t.Errorf("%s: no product is set up so that it is within scope over %s", p.ID, c)
				continue
			}
			alle.Go(func() error {
				fejlede, galt := o.modpart(t, broker, p, proever, kortFrist)
				if len(galt) > 0 { // or the machine had no time
					fejlede, galt = o.modpart(t, broker, p, proever, frist)
				}
				for _, tekst := range galt {
					t.Errorf("%s %s: %s", p.ID, o.navn, tekst)
				}
				mu.Lock()
				defer mu.Unlock()
				medfejlet[p.ID] = append(medfejlet[p.ID], fejlede...)
				return nil
			})
		}
	}
	_ = alle.Wait() // what is wrong has been told
	for _, p := range proever {
		mangler := func() []string {
			return slices.DeleteFunc(slices.Clone(p.Modpart.Foelger), func(id string) bool { return slices.Contains(medfejlet[p.ID], id) })
		}
		if len(mangler()) > 0 { // a wrong peer that was slow may have been late enough to be right; now nothing else runs
			for _, c := range p.Carrier {
				if o, ok := passende(p, c); ok {
					fejlede, _ := o.modpart(t, broker, p, proever, frist)
					medfejlet[p.ID] = append(medfejlet[p.ID], fejlede...)
				}
			}
		}
		for _, id := range mangler() {
			t.Errorf("%s says that %s fails with it, and it does not", p.ID, id)
		}
	}
}

// modpart runs the set against the case's wrong peer, and tells which cases failed, and what of that should not be.
func (o opsaetning) modpart(t *testing.T, broker string, p snitflade.Proeve, proever []snitflade.Proeve, frist time.Duration) (fejlede, galt []string) {
	r, err := o.proev(t, broker, p.Modpart.Fejl, proever, frist)
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, f := range fejlet(r) {
		fejlede = append(fejlede, f.ID)
		if f.ID != p.ID && !slices.Contains(p.Modpart.Foelger, f.ID) {
			galt = append(galt, fmt.Sprintf("%s fails too: %s", f.ID, f.Grund))
		}
	}
	if !slices.Contains(fejlede, p.ID) {
		galt = append(galt, fmt.Sprintf("a peer that does %s passes", p.Modpart.Fejl))
	}
	return fejlede, galt
}

// passende is a setup in which the case is within scope, and its own form, if possible, not the one that all cases use.
func passende(p snitflade.Proeve, c snitflade.Carrier) (opsaetning, bool) {
	alle := afsendere()
	if p.Rolle == snitflade.Modtager {
		alle = modtagere()
	}
	var ud opsaetning
	for _, o := range alle {
		egen := slices.ContainsFunc(p.Trin, func(t snitflade.Trin) bool { return t.Send != nil && t.Send.Form == o.former[0] })
		switch dens := o.carrier == c && o.daekker(p.Kraever); {
		case dens && !egen:
			return o, true
		case dens && ud.navn == "":
			ud = o
		}
	}
	return ud, ud.navn != ""
}

// daekker reports whether a product set up so has what a case demands.
func (o opsaetning) daekker(kraever []string) bool {
	har := map[string]bool{o.adgang: true, o.svar: true, "kvitteringer": o.kvit, "svar": o.carrier == snitflade.HTTP || o.svar == "standardretur"}
	for _, f := range o.former {
		har[string(f)] = true
		har["navne"] = har["navne"] || f == snitflade.Headers || f == snitflade.Struktureret
		har["metadatafelter"] = har["metadatafelter"] || f == snitflade.Headers || f == snitflade.Struktureret || f == snitflade.Binaer
		har["cloudevent"] = har["cloudevent"] || f == snitflade.Binaer || f == snitflade.Struktureret
		har["kuvert"] = har["kuvert"] || f == snitflade.ModtagBesked
	}
	return !slices.ContainsFunc(kraever, func(k string) bool { return !har[k] })
}

func fejlet(r *snitflade.Resultat) []snitflade.Proeveresultat {
	return slices.DeleteFunc(slices.Clone(r.Proever), func(p snitflade.Proeveresultat) bool { return p.Status != snitflade.Fejlet })
}
