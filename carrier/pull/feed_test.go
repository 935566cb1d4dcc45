package pull_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/store"
)

// positioner gives what has been sent its place in the log.
func (h *hus) positioner(t *testing.T) {
	t.Helper()
	_, err := h.Distributor.GivPositioner(t.Context())
	maa(t, err)
}

// The feed and the summary are the same through the functions and over HTTP, and nothing of a besked is lost on the way.
func TestFeed(t *testing.T) {
	paaBegge(t, func(t *testing.T, h *hus, som func(string) server) {
		var sendt []mox.Besked
		for i := range 5 {
			b := besked(func(b *mox.Besked) {
				if b.Indholdstype, b.Indhold = "application/vnd.x+json", []byte(`{"titel":"Æ <b>"}`); i%2 == 1 {
					b.ObjektType = mox.Dokument
				}
			}).MedStandard()
			send(t, h.Tjeneste, b)
			sendt = append(sendt, b)
		}
		h.positioner(t)
		f, err := som("breve").Feed(t.Context(), breve, 0, 1, 0)
		maa(t, err)
		if f.Naeste != 2 || f.Sidste != 5 || len(f.Poster) != 1 || f.Poster[0].Logposition != 2 || f.Poster[0].Afsender != "Byggesag" || f.Poster[0].Tilstand != mox.Afventer {
			t.Fatalf("%+v", f)
		}
		if diff := cmp.Diff(sendt[1], f.Poster[0].Besked); diff != "" {
			t.Error(diff)
		}
		lokalt, err := h.Sammendrag(t.Context(), breve, 1, 5, 2)
		maa(t, err)
		s, err := som("breve").Sammendrag(t.Context(), breve, 1, 5, 2)
		maa(t, err)
		if diff := cmp.Diff(lokalt, s); diff != "" || len(s.Dele) != 2 || s.Dele[0].Antal != 1 || s.Dele[1].Til != 5 {
			t.Errorf("%+v %s", s, diff)
		}
		_, err = som("breve").Sammendrag(t.Context(), breve, 1, 0, 1) // to the end
		maa(t, err)
		_, err = som("breve").Feed(t.Context(), breve, 9, 1, 0)
		kode(t, err, mox.KodePosition)
	})
}

func TestFeedVenter(t *testing.T) {
	paaBegge(t, func(t *testing.T, h *hus, som func(string) server) {
		fik, modtager := make(chan klient.Feed, 1), som("esdh")
		go func() {
			f, err := modtager.Feed(t.Context(), esdh, 0, 10, 30*time.Second)
			if err != nil {
				t.Error(err)
			}
			fik <- f
		}()
		b := besked()
		send(t, h.Tjeneste, b)
		h.positioner(t)
		if f := <-fik; len(f.Poster) != 1 || f.Poster[0].BeskedID != b.ID {
			t.Errorf("%+v", f)
		}
	})
}

// What has been deleted keeps its place, without content; that a person has read a feed is logged, that a system has is not.
func TestSlettetIFeedet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	b := besked()
	send(t, h.Tjeneste, b)
	h.positioner(t)
	maa(t, h.Distributor.Store().Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE besked SET metadata = NULL, indhold = NULL, salt = NULL`)
		return err
	}))
	for _, navn := range []string{"esdh", "vagten"} {
		var ud map[string]any
		maa(t, json.Unmarshal([]byte(tekst(t, h.raat(t, "GET", "/api/v1/abonnementer/esdh.journal/feed", "", h.som(navn)))), &ud))
		post, _ := ud["beskeder"].([]any)[0].(map[string]any)
		if _, har := post["besked"]; har || post["slettet"] != true || post["beskedID"] != string(b.ID) || post["logposition"] != 1.0 {
			t.Errorf("%v", post)
		}
	}
	if l := h.log.String(); strings.Count(l, "feed læst") != 1 || !strings.Contains(l, "hvem=vagten") {
		t.Errorf("%s", l)
	}
	f, err := h.klient(t, "esdh").Feed(t.Context(), esdh, 0, 1, 0)
	maa(t, err)
	if !f.Poster[0].Slettet || f.Poster[0].Besked.ID != "" {
		t.Errorf("%+v", f)
	}
}
