package pull_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// A sender sends; a receiver takes what there is, does it, and tells; the sender sees what became of it; and the receiver
// finds in the feed what it has been given.
func ExampleKlient() {
	ctx := context.Background()
	adresse, noegle, luk := eksempelserver(ctx)
	defer luk()

	afsender, err := pull.NewKlient(adresse, noegle["Byggesag"], pull.KlientOptions{})
	if err != nil {
		panic(err)
	}
	defer afsender.Luk()
	b := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
		Registreringstid: time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC), Bruger: "svc-mox", Objektreference: "https://byggesag.example/sag/2026-17"}
	m, err := afsender.Send(ctx, "", b)
	if err != nil {
		panic(err)
	}
	fmt.Println("sendt til", m.SendtTil)

	modtager, err := pull.NewKlient(adresse, noegle["ESDH"], pull.KlientOptions{})
	if err != nil {
		panic(err)
	}
	defer modtager.Luk()
	arbejde, err := modtager.Hent(ctx, "esdh.sager", "modtager-1", 10, time.Minute, 30*time.Second)
	if err != nil {
		panic(err)
	}
	for _, w := range arbejde {
		fmt.Println("gør", w.Besked.Type, w.Noegle) // and store the result, before it is told
		_, err := distributor.Meld(ctx, modtager, distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer,
			Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
		if err != nil {
			panic(err)
		}
	}

	kendte, err := afsender.Beskeder(ctx, b.ID)
	if err != nil {
		panic(err)
	}
	for _, k := range kendte[0].Kvitteringer {
		fmt.Println("kvittering:", k.Art)
	}

	feed, err := modtager.Feed(ctx, "esdh.sager", 0, 100, 30*time.Second)
	if err != nil {
		panic(err)
	}
	for _, p := range feed.Poster {
		fmt.Println(p.Logposition, p.BeskedID, p.Tilstand)
	}
	// Output:
	// sendt til 1
	// gør Sag.Rettet 5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33.esdh.sager.1
	// kvittering: modtaget
	// kvittering: sendt til
	// kvittering: accepteret
	// 1 5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33 Leveret
}

// eksempelserver is a MOX with two systems, of which ESDH subscribes to Sager, and their keys.
func eksempelserver(ctx context.Context) (adresse string, noegle map[string]string, luk func()) {
	dir, err := os.MkdirTemp("", "mox")
	if err != nil {
		panic(err)
	}
	s, err := store.Open(ctx, filepath.Join(dir, "mox.db"))
	if err != nil {
		panic(err)
	}
	d, err := distributor.New(ctx, s, distributor.Options{})
	if err != nil {
		panic(err)
	}
	lager, err := indhold.Open(filepath.Join(dir, "indhold"))
	if err != nil {
		panic(err)
	}
	filter, _ := mox.LaesFilter(map[string]any{"objekttype": "Sag"})
	if err := d.Konfigurer(ctx, []mox.Abonnement{{ID: "esdh.sager", System: "ESDH", Carrier: mox.CarrierPull, Filter: filter, Orden: mox.OrdenObjekt, Plan: mox.StandardPlan()}}, nil); err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(ctx)
	slut := make(chan error, 1)
	go func() { slut <- d.Run(ctx) }() // gives the logpositions
	var noegler []auth.APINoegle
	noegle = map[string]string{}
	for _, system := range []string{"Byggesag", "ESDH"} {
		n := auth.APINoegle{Navn: system, System: system, Rolle: auth.System}
		noegle[system], n.SHA256 = auth.NyNoegle()
		noegler = append(noegler, n)
	}
	srv := httptest.NewUnstartedServer(nil)
	vagt, err := auth.NyVagt(auth.Options{Adresser: []string{srv.Listener.Addr().String()}, Noegler: noegler})
	if err != nil {
		panic(err)
	}
	srv.Config.Handler = vagt.Beskyt(pull.Handler(pull.Tjeneste{Distributor: d, Lager: lager}))
	srv.Start()
	return srv.URL, noegle, func() {
		srv.Close()
		stop()
		<-slut
		_ = s.Close()         // the example is over
		_ = os.RemoveAll(dir) // as above
	}
}
