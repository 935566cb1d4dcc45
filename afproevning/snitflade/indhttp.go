package snitflade

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
)

// stiAndetsteds is where the tool sends a product that it answers 307.
const stiAndetsteds = "/andetsteds"

// maksKrop is how much of a call is read: more than any besked may be.
const maksKrop = 8 << 20

// indHTTP is a server that the product sends to.
type indHTTP struct {
	svarplan
	bakke  *indbakke
	lytter net.Listener
	server *http.Server
	slut   chan struct{}

	mu      sync.Mutex
	borte   bool
	forgaev int
	aendret chan struct{}
}

// nyIndHTTP opens a way in for what an HTTP product sends.
func nyIndHTTP(ctx context.Context, adresse string, bakke *indbakke, lytter net.Listener) (*indHTTP, error) {
	if lytter == nil {
		var err error
		if lytter, err = lyt(ctx, "lyt", adresse); err != nil {
			return nil, err
		}
	}
	i := &indHTTP{bakke: bakke, lytter: lytter, slut: make(chan struct{}), aendret: make(chan struct{})}
	i.server = &http.Server{Handler: http.HandlerFunc(i.betjen), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(i.slut)
		_ = i.server.Serve(lytter) // it ends when the server is closed
	}()
	return i, nil
}

func (i *indHTTP) betjen(w http.ResponseWriter, r *http.Request) {
	if i.erBorte() {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	if r.Method == http.MethodOptions { // the CloudEvents webhook handshake
		w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
		w.Header().Set("Allow", "POST")
		return
	}
	if r.Method == http.MethodGet { // whether anyone is there
		_, _ = io.WriteString(w, "snitfladetest\n")
		return
	}
	krop, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maksKrop))
	if err != nil {
		http.Error(w, "kroppen kan ikke læses", http.StatusRequestEntityTooLarge)
		return
	}
	m := fraHTTP(r, krop)
	if m.Svar = Tag; !strings.HasPrefix(m.Adresse, stiAndetsteds) {
		m.Svar = i.vaelg(m, i.bakke.erGammel(m))
	}
	i.bakke.laeg(m)
	besvar(w, m)
}

// besvar answers an attempt as it was decided.
func besvar(w http.ResponseWriter, m *Modtaget) {
	switch m.Svar {
	case Intet:
		panic(http.ErrAbortHandler)
	case Senere:
		w.Header().Set("Retry-After", "1")
		fallthrough
	case Midlertidig:
		w.WriteHeader(http.StatusServiceUnavailable)
	case Andetsteds:
		w.Header().Set("Location", stiAndetsteds)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case Afvis:
		if m.Form == ModtagBesked {
			modtagBeskedOutput(w, "51")
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"type": "urn:mox:problem:ugyldig", "title": "Afvist", "status": 422, "detail": "snitfladetest: afvist med vilje", "kode": "ugyldig"}`)
	default:
		if m.Form == ModtagBesked {
			modtagBeskedOutput(w, "20")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"beskedID": m.en("beskedID"), "gentaget": false, "sendt_til": 1}) // the product may be gone
	}
}

func modtagBeskedOutput(w http.ResponseWriter, kode string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = io.WriteString(w, `<ModtagBeskedOutput xmlns="urn:oio:sts:1.0.0"><StandardRetur xmlns="urn:oio:sagdok:3.0.0"><StatusKode>`+kode+`</StatusKode></StandardRetur></ModtagBeskedOutput>`)
}

func (i *indHTTP) plan() *svarplan { return &i.svarplan }
func (i *indHTTP) kan(Svar) bool   { return true }

func (i *indHTTP) nede(ja bool) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.borte = ja
	return nil
}

// erBorte reports whether nobody is to be there, and counts who came in vain.
func (i *indHTTP) erBorte() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.borte {
		i.forgaev++
		close(i.aendret)
		i.aendret = make(chan struct{})
	}
	return i.borte
}

func (i *indHTTP) forgaeves() (int, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.forgaev, i.aendret
}

func (i *indHTTP) koe(bool) error                       { return errors.New("køer findes kun over AMQP") }
func (i *indHTTP) haendelser(int) []mellemled.Haendelse { return nil }

func (i *indHTTP) luk() {
	_ = i.server.Close()
	<-i.slut
}
