package klient_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// A sender sends; a receiver does what there is to do; the sender sees what became of it; and the receiver finds in the feed
// what it has been given.
func Example() {
	ctx := context.Background()
	adresse, noegle, luk := eksempelserver(ctx)
	defer luk()

	afsender, err := klient.New(adresse, noegle["byggesag"], klient.Options{})
	if err != nil {
		panic(err)
	}
	defer afsender.Luk()
	b := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
		Registreringstid: time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC), Bruger: "svc-mox", Objektreference: "https://byggesag.example/sag/2026-17"}
	m, err := afsender.Send(ctx, b)
	if err != nil {
		panic(err)
	}
	fmt.Println("sendt til", m.SendtTil)

	modtager, err := klient.New(adresse, noegle["esdh"], klient.Options{})
	if err != nil {
		panic(err)
	}
	defer modtager.Luk()
	journal := map[string]string{} // in the vendor's database, written in the transaction that does the work
	drift, stop := context.WithCancel(ctx)
	err = modtager.Modtag(drift, "esdh.sager", func(_ context.Context, w klient.Arbejde) klient.Udfald {
		defer stop() // the example is over after one; a receiver goes on until it is to stop
		if _, gjort := journal[w.Noegle]; !gjort {
			journal[w.Noegle] = "2026-17"
			fmt.Println("journaliseret", w.Besked.Type, w.Noegle)
		}
		u := klient.Accepteret()
		u.Noegle = journal[w.Noegle] // what the objekt is called here: it comes back with the next besked about it
		return u
	})
	if err != nil {
		panic(err)
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
	// journaliseret Sag.Rettet 5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33.esdh.sager.1
	// kvittering: modtaget
	// kvittering: sendt til
	// kvittering: accepteret
	// 1 5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33 Leveret
}

// A receiver with a loop of its own.
func ExampleKlient_Hent() {
	ctx := context.Background()
	adresse, noegle, luk := eksempelserver(ctx)
	defer luk()
	afsender, err := klient.New(adresse, noegle["byggesag"], klient.Options{})
	if err != nil {
		panic(err)
	}
	sendt, err := afsender.SendAlle(ctx, []mox.Besked{
		{ID: "0c5a0c0e-0001-4000-8000-000000000001", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet,
			Registreringstid: time.Date(2026, 3, 2, 8, 20, 0, 0, time.UTC), Bruger: "svc-mox", Objektreference: "https://byggesag.example/sag/2026-17"},
		{ID: "0c5a0c0e-0001-4000-8000-000000000002", ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet},
	})
	if err != nil {
		panic(err)
	}
	for _, s := range sendt {
		fmt.Printf("sendt til %d, fejl %q\n", s.Modtaget.SendtTil, mox.KodeAf(s.Fejl))
	}

	k, err := klient.New(adresse, noegle["esdh"], klient.Options{})
	if err != nil {
		panic(err)
	}
	arbejde, err := k.Hent(ctx, "esdh.sager", "modtager-1", 10, time.Minute, 30*time.Second)
	if err != nil {
		panic(err)
	}
	for _, w := range arbejde {
		ud, err := k.Afslut(ctx, w, klient.Afvist(mox.AnsvarAfsender, "sagen har intet sagsnummer"))
		if err != nil {
			panic(err)
		}
		fmt.Println(w.Besked.ID, ud.Tilstand)
	}
	// Output:
	// sendt til 1, fejl ""
	// sendt til 0, fejl "ugyldig"
	// 0c5a0c0e-0001-4000-8000-000000000001 Parkeret
}

// A receiver that MOX calls.
func ExampleVerificerPush() {
	const hemmelighed = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // mox abonnement opret showed it
	modtager := func(w http.ResponseWriter, r *http.Request) {
		id, krop, err := klient.VerificerPush(r, hemmelighed)
		if err != nil {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		b, err := oio.UnmarshalCloudEvent(krop)
		if err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		fmt.Println("udfør", id, b.Type) // unless id has been done before
	}

	r := eksempelkald(hemmelighed)
	svar := httptest.NewRecorder()
	modtager(svar, r)
	fmt.Println(svar.Code)

	r = eksempelkald("whsec_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	svar = httptest.NewRecorder()
	modtager(svar, r)
	fmt.Println(svar.Code)
	// Output:
	// udfør msg_1 Sag.Rettet
	// 200
	// 401
}

// eksempelkald is a call as MOX makes it, signed by the library of Standard Webhooks.
func eksempelkald(hemmelighed string) *http.Request {
	b := besked()
	krop, err := oio.MarshalCloudEvent(&b)
	if err != nil {
		panic(err)
	}
	wh, err := standardwebhooks.NewWebhook(hemmelighed)
	if err != nil {
		panic(err)
	}
	nu := time.Now()
	underskrift, err := wh.Sign("msg_1", nu, krop)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/ind", strings.NewReader(string(krop)))
	r.Header.Set("webhook-id", "msg_1")
	r.Header.Set("webhook-timestamp", fmt.Sprint(nu.Unix()))
	r.Header.Set("webhook-signature", underskrift)
	return r
}

// eksempelserver is a MOX with two systems, of which ESDH subscribes to Sager, and their keys.
func eksempelserver(ctx context.Context) (adresse string, noegle map[string]string, luk func()) {
	dir, err := os.MkdirTemp("", "mox")
	if err != nil {
		panic(err)
	}
	h, err := aabn(ctx, dir)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(ctx)
	slut := make(chan error, 1)
	go func() { slut <- h.d.Run(ctx) }() // gives the logpositions
	return h.http.URL, h.noegle, func() {
		h.http.Close()
		stop()
		<-slut
		_ = h.store.Close()   // the example is over
		_ = os.RemoveAll(dir) // as above
	}
}
