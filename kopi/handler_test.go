package kopi_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/store"
)

// server offers the installation's copies to a caller with a role.
func (h *hus) server(rolle auth.Rolle) *httptest.Server {
	h.Helper()
	k := h.kilde()
	k.Log = slog.New(slog.DiscardHandler)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.Handler().ServeHTTP(w, r.WithContext(auth.Med(r.Context(), auth.Identitet{Navn: "inge", Rolle: rolle})))
	}))
	h.Cleanup(s.Close)
	return s
}

func (h *hus) kald(s *httptest.Server, sti, krop string) *http.Response {
	h.Helper()
	svar, err := http.Post(s.URL+sti, "application/json", strings.NewReader(krop))
	h.maa(err)
	h.Cleanup(func() { _ = svar.Body.Close() })
	return svar
}

// Everything there is, is for an administrator only.
func TestKunAdministratorenFaarAlt(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	h.fyld()
	for _, rolle := range []auth.Rolle{auth.Laeser, auth.Drift, auth.System} {
		for _, sti := range []string{kopi.KopiSti, kopi.EfterproevSti} {
			if svar := h.kald(h.server(rolle), sti, `{}`); svar.StatusCode != http.StatusForbidden {
				h.Errorf("%s for %s: %s", sti, rolle, svar.Status)
			}
		}
	}
	s := h.server(auth.Administrator)
	if svar := h.kald(s, kopi.KopiSti, `{"hemmelig": true}`); svar.StatusCode != http.StatusBadRequest {
		h.Errorf("a misspelt call: %s", svar.Status)
	}
	svar := h.kald(s, kopi.KopiSti, `{"hemmeligheder": true}`)
	b, err := io.ReadAll(svar.Body)
	h.maa(err)
	fil := filepath.Join(h.TempDir(), "kopi.zip")
	h.maa(os.WriteFile(fil, b, 0o600))
	f, err := kopi.Aabn(fil)
	h.maa(err)
	h.maa(f.Tjek(h.Context(), nil))
	h.maa(f.Luk())
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		l, err := tx.Handlinger("alt", 10)
		if len(l) != 1 || l[0].Hvem != "inge" || l[0].Hvad != "backup" {
			h.Errorf("who has taken a copy: %+v", l)
		}
		return err
	}))
}

// A copy that cannot be finished does not end as one that could.
func TestEnKopiDerAfbrydesSesPaaSvaret(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	h.fyld()
	h.maa(os.Remove(filepath.Join(h.dir, "byggesag", "agent.yaml")))
	h.maa(os.Symlink("agent.yaml.ny", filepath.Join(h.dir, "byggesag", "agent.yaml")))
	f, err := os.Create(filepath.Join(h.dir, "byggesag", "agent.yaml.ny"))
	h.maa(err)
	h.maa(f.Truncate(17 << 20)) // over the limit, and found when the tables have been sent
	h.maa(f.Close())
	svar := h.kald(h.server(auth.Administrator), kopi.KopiSti, `{"hemmeligheder": true}`)
	if _, err := io.ReadAll(svar.Body); err == nil {
		h.Error("the answer ends as if it was whole")
	}
}

// The check tells how it goes, and then what it found; or why it could not be done.
func TestEfterproevOverHTTP(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	h.fyld()
	h.vendByte("kaede", 4)
	s := h.server(auth.Administrator)
	sidste, linjer := h.meldinger(h.kald(s, kopi.EfterproevSti, `{}`).Body)
	if linjer < 3 || sidste.Resultat == nil || sidste.Resultat.Antal != 1 || sidste.Resultat.Fund[0].Logposition != 4 {
		h.Errorf("%d lines, the last %+v", linjer, sidste)
	}
	h.maa(h.d.Store().Close())
	sidste, _ = h.meldinger(h.kald(s, kopi.EfterproevSti, `{}`).Body)
	if sidste.Fejl == nil || mox.KodeAf(sidste.Fejl.Err()) != mox.KodeIntern {
		h.Errorf("the last line %+v", sidste)
	}
}

func (h *hus) meldinger(r io.Reader) (sidste kopi.Melding, n int) {
	h.Helper()
	for s := bufio.NewScanner(r); s.Scan(); n++ {
		sidste = kopi.Melding{}
		h.maa(json.Unmarshal(s.Bytes(), &sidste))
	}
	return sidste, n
}
