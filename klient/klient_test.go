package klient_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/klient"
)

// falsk is a server that answers every call in one way, and a client of it.
func falsk(t *testing.T, f http.HandlerFunc) *klient.Klient {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	k, err := klient.New(s.URL+"/", "noegle", klient.Options{})
	maa(t, err)
	t.Cleanup(k.Luk)
	return k
}

func TestNew(t *testing.T) {
	t.Parallel()
	tom := filepath.Join(t.TempDir(), "tom.pem")
	maa(t, os.WriteFile(tom, []byte("ingen certifikater"), 0o600))
	for navn, c := range map[string]struct {
		adresse, noegle, ca string
		vil                 mox.Kode
	}{
		"https":                {"https://mox.kommune.dk:8443", "n", "", ""},
		"under en sti":         {"https://kommune.dk/mox/", "n", "", ""},
		"denne maskine":        {"http://127.0.0.1:8480", "n", "", ""},
		"localhost":            {"http://localhost:8480", "n", "", ""},
		"ukrypteret":           {"http://mox.kommune.dk", "n", "", mox.KodeUgyldig},
		"ligner denne maskine": {"http://localhost.ond.example", "n", "", mox.KodeUgyldig},
		"ikke en adresse":      {"mox.kommune.dk:8443", "n", "", mox.KodeUgyldig},
		"anden protokol":       {"ftp://mox.kommune.dk", "n", "", mox.KodeUgyldig},
		"kodeord i adressen":   {"https://a:b@mox.kommune.dk", "n", "", mox.KodeUgyldig},
		"tom":                  {"", "n", "", mox.KodeUgyldig},
		"ingen nøgle":          {"https://mox.kommune.dk", "", "", mox.KodeIkkeLoggetInd},
		"CA-fil mangler":       {"https://mox.kommune.dk", "n", filepath.Join(t.TempDir(), "x"), mox.KodeUgyldig},
		"CA-fil uden indhold":  {"https://mox.kommune.dk", "n", tom, mox.KodeUgyldig},
	} {
		_, err := klient.New(c.adresse, c.noegle, klient.Options{CAFil: c.ca})
		if mox.KodeAf(err) != c.vil {
			t.Errorf("%s: %v", navn, err)
		}
	}
	for leje, vil := range map[time.Duration]mox.Kode{0: "", time.Second: "", time.Hour: "", -1: mox.KodeUgyldig, time.Second - 1: mox.KodeUgyldig, time.Hour + 1: mox.KodeUgyldig} {
		_, err := klient.New("https://mox.kommune.dk", "n", klient.Options{Leje: leje})
		if mox.KodeAf(err) != vil {
			t.Errorf("lease %v: %v", leje, err)
		}
	}
}

func TestKlientensFejl(t *testing.T) {
	t.Parallel()

	t.Run("serveren er væk", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		k := h.klient(t, "esdh", klient.Options{})
		h.http.Close()
		_, err := k.Hent(t.Context(), sager, "a", 1, time.Minute, 0)
		kode(t, err, mox.KodeUtilgaengelig)
		_, err = k.GemIndhold(t.Context(), strings.NewReader("x"))
		kode(t, err, mox.KodeUtilgaengelig)
		if strings.Contains(err.Error(), h.noegle["esdh"]) {
			t.Errorf("the key is in the error: %v", err)
		}
	})
	t.Run("fejlen er serverens", func(t *testing.T) {
		t.Parallel()
		vil := &mox.Error{Kode: mox.KodeForaeldet, Op: "klient", Tekst: "gammel", Raad: "hent igen", Felter: []mox.Feltfejl{{Sti: "a[0].b", Regel: "r", Tekst: "t", Spec: "mox 1"}}}
		k := falsk(t, func(w http.ResponseWriter, r *http.Request) { problem.Skriv(w, r, vil) })
		_, err := k.Beskeder(t.Context(), "a")
		var e *mox.Error
		if !errors.As(err, &e) || e.Kode != vil.Kode || e.Tekst != vil.Tekst || e.Raad != vil.Raad || len(e.Felter) != 1 || e.Felter[0] != vil.Felter[0] {
			t.Errorf("%+v", err)
		}
	})
	t.Run("kaldet kom ikke helt frem", func(t *testing.T) {
		t.Parallel()
		k := falsk(t, func(w http.ResponseWriter, r *http.Request) {
			problem.Skriv(w, r, problem.Som(http.StatusRequestTimeout, mox.E("kald", mox.KodeUgyldig, "afbrudt")))
		})
		_, err := k.Beskeder(t.Context(), "a")
		kode(t, err, mox.KodeUtilgaengelig)
	})
	t.Run("noget andet svarer", func(t *testing.T) {
		t.Parallel()
		for status, vil := range map[int]mox.Kode{200: mox.KodeUtilgaengelig, 302: mox.KodeIntern, 502: mox.KodeUtilgaengelig} {
			k := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://ond.example/")
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>log ind på gæstenettet</html>")
			})
			_, err := k.Beskeder(t.Context(), "a")
			kode(t, err, vil)
		}
	})
	t.Run("halve svar", func(t *testing.T) {
		t.Parallel()
		k := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"beskeder":`)
		})
		_, err := k.Beskeder(t.Context(), "a")
		kode(t, err, mox.KodeUtilgaengelig)
	})
	t.Run("nyere server", func(t *testing.T) {
		t.Parallel()
		k := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"beskeder":[{"afsender":"A","slettet":true,"nyt":1}],"nyt_felt":[1,2]}`)
		})
		s, err := k.Beskeder(t.Context(), "a")
		if err != nil || len(s) != 1 || s[0].Afsender != "A" {
			t.Errorf("%+v %v", s, err)
		}
	})
	t.Run("kalderens frist", func(t *testing.T) {
		t.Parallel()
		slut := make(chan struct{})
		k := falsk(t, func(http.ResponseWriter, *http.Request) { <-slut })
		t.Cleanup(func() { close(slut) })
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer stop()
		if _, err := k.Beskeder(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestKlientenKontrollererIndhold(t *testing.T) {
	t.Parallel()
	k := falsk(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"urn":"urn:mox:indhold:sha256:`+strings.Repeat("0", 64)+`","stoerrelse":1}`)
			return
		}
		_, _ = io.WriteString(w, "ombyttet")
	})
	_, err := k.GemIndhold(t.Context(), strings.NewReader("x"))
	kode(t, err, mox.KodeUtilgaengelig)
	r, err := k.HentIndhold(t.Context(), sager, strings.Repeat("0", 64))
	maa(t, err)
	_, err = io.ReadAll(r)
	kode(t, errors.Join(err, r.Close()), mox.KodeUtilgaengelig)
}

func TestKlientOverTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"beskeder":[]}`)
	}))
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	maa(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	for navn, c := range map[string]struct {
		ca  string
		vil mox.Kode
	}{"med CA-fil": {ca, ""}, "uden": {"", mox.KodeUtilgaengelig}} {
		k, err := klient.New(s.URL, "n", klient.Options{CAFil: c.ca})
		maa(t, err)
		_, err = k.Beskeder(t.Context(), "a")
		if mox.KodeAf(err) != c.vil {
			t.Errorf("%s: %v", navn, err)
		}
		var e *mox.Error
		if errors.As(err, &e) && !strings.Contains(e.Raad, "CA-filen") {
			t.Errorf("%s: %q", navn, e.Raad)
		}
		k.Luk()
	}
}

// The caller's file stays open, and a body that was begun ends with the context.
func TestGemIndholdLukkerIkkeKilden(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	f, err := os.CreateTemp(t.TempDir(), "x")
	maa(t, err)
	_, err = h.klient(t, "byggesag", klient.Options{}).GemIndhold(t.Context(), f)
	maa(t, err)
	maa(t, f.Close())
}

// TestLinjer reads lines, and sees when they are not all there.
func TestLinjer(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		type_ string
		bryd  bool
		vil   mox.Kode
	}{
		"hele":             {"application/x-ndjson", false, ""},
		"afbrudt":          {"application/x-ndjson; charset=utf-8", true, mox.KodeUtilgaengelig},
		"noget helt andet": {"text/html", false, mox.KodeUtilgaengelig},
	} {
		k := falsk(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept") != "application/x-ndjson" {
				t.Errorf("Accept: %s", r.Header.Get("Accept"))
			}
			w.Header().Set("Content-Type", c.type_)
			_, _ = io.WriteString(w, "{}\n{}\n")
			_ = http.NewResponseController(w).Flush()
			if c.bryd {
				panic(http.ErrAbortHandler)
			}
		})
		l, err := k.Linjer(t.Context(), "/sag/sag")
		if err == nil {
			_, err = io.ReadAll(l)
			_ = l.Close()
		}
		if mox.KodeAf(err) != c.vil {
			t.Errorf("%s: %v", navn, err)
		}
	}
}
