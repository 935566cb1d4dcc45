package snitflade

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// handleFrist is how long a command or a call of the profile may take.
const handleFrist = 5 * time.Minute

// errIngenStimulus is a stimulus the profile does not have.
type errIngenStimulus string

func (e errIngenStimulus) Error() string {
	return fmt.Sprintf("profilen har ikke stimulus.%s, og testen er ikke kørt med --haand", string(e))
}

// haand is a person who does what the profile has no command for.
type haand struct {
	mu  sync.Mutex
	ind *bufio.Reader
	ud  io.Writer
}

// bed asks the person, and waits until it is done.
func (h *haand) bed(tekst string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := fmt.Fprintf(h.ud, "\n  Gør dette i produktet: %s\n  Tryk på Enter, når det er gjort. ", tekst); err != nil {
		return err
	}
	if _, err := h.ind.ReadString('\n'); err != nil {
		return errors.New("ingen svarede")
	}
	return nil
}

// stimulus makes the product do something. What it answers is the objektID it was about, where it tells.
func (k *koersel) stimulus(ctx context.Context, navn string, vaerdier map[string]string) (objektID string, err error) {
	h, ok := k.p.Stimulus[navn]
	switch {
	case ok:
	case k.haand != nil:
		return "", k.haand.bed(indsat(stimulustekster(k.p.Rolle)[navn], vaerdier))
	default:
		return "", errIngenStimulus(navn)
	}
	vaerdier["stimulus"] = navn
	ud, err := k.udfoer(ctx, h, vaerdier)
	if err != nil {
		return "", fmt.Errorf("stimulus.%s: %w", navn, err)
	}
	var svar struct {
		ObjektID string `json:"objektID"`
	}
	_ = json.Unmarshal(ud, &svar) // a product that tells nothing is well
	return svar.ObjektID, nil
}

// effekt is what the product says of a besked and an objekt.
type effekt struct {
	Antal *int    `json:"antal"` // effects of the besked
	Titel *string `json:"titel"` // of the objekt, now
}

func (k *koersel) effekt(ctx context.Context, beskedID, objektID string) (e effekt, err error) {
	if k.p.Effekt == nil {
		return e, errEffekt
	}
	ud, err := k.udfoer(ctx, *k.p.Effekt, map[string]string{"beskedID": beskedID, "objektID": objektID})
	if err != nil {
		return e, fmt.Errorf("effekt: %w", err)
	}
	if err := json.Unmarshal(ud, &e); err != nil {
		return e, errors.New(`effekt: svaret er ikke JSON som {"antal": 1, "titel": "…"}`)
	}
	return e, nil
}

// udfoer runs a command or makes a call, with the values put in.
func (k *koersel) udfoer(ctx context.Context, h Handl, vaerdier map[string]string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, handleFrist)
	defer stop()
	if len(h.Kommando) > 0 {
		return k.kommando(ctx, h, vaerdier)
	}
	metode := cmp.Or(h.Metode, http.MethodPost)
	r, err := http.NewRequestWithContext(ctx, metode, indsatURL(h.URL, vaerdier), strings.NewReader(indsat(h.Krop, vaerdier)))
	if err != nil {
		return nil, errors.New("adressen kan ikke bruges")
	}
	for navn, v := range h.Hoveder {
		r.Header.Set(navn, indsat(v, vaerdier))
	}
	svar, err := k.klient.Do(r)
	if err != nil {
		return nil, errors.New(aarsag(err))
	}
	defer func() { _ = svar.Body.Close() }() // only read
	ud, err := io.ReadAll(io.LimitReader(svar.Body, maksKrop))
	if err == nil && svar.StatusCode/100 != 2 {
		err = fmt.Errorf("svar %d", svar.StatusCode)
	}
	return ud, err
}

// kommando runs a command in the profile's folder. The values are its arguments and its environment too.
func (k *koersel) kommando(ctx context.Context, h Handl, vaerdier map[string]string) ([]byte, error) {
	args := make([]string, len(h.Kommando))
	for i, a := range h.Kommando {
		args[i] = indsat(a, vaerdier)
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	if strings.HasPrefix(args[0], "./") {
		c.Path = filepath.Join(k.p.dir, args[0])
		c.Err = nil
	}
	c.Dir = cmp.Or(k.p.dir, ".")
	c.Env = os.Environ()
	for navn, v := range vaerdier {
		c.Env = append(c.Env, "SNITFLADE_"+strings.ToUpper(navn)+"="+v)
	}
	var fejl bytes.Buffer
	c.Stderr = &fejl
	ud, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %v %s", args[0], err, strings.TrimSpace(fejl.String()))
	}
	return ud, nil
}

// indsat puts values in the place of {{navn}}.
func indsat(s string, vaerdier map[string]string) string {
	for navn, v := range vaerdier {
		s = strings.ReplaceAll(s, "{{"+navn+"}}", v)
	}
	return s
}

// indsatURL does it in an address: no value is ever more than a value there.
func indsatURL(s string, vaerdier map[string]string) string {
	for navn, v := range vaerdier {
		s = strings.ReplaceAll(s, "{{"+navn+"}}", url.QueryEscape(v))
	}
	return s
}

// nyKlient is what products are called with: no redirect is followed.
func nyKlient(p *Profil) (*http.Client, error) {
	t := &tls.Config{}
	if p.Kald.CA != "" {
		b, err := os.ReadFile(filepath.Join(p.dir, p.Kald.CA))
		if err != nil {
			return nil, ugyldig("http.ca %s kan ikke læses", p.Kald.CA).Med("ret profilen")
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(b) {
			return nil, ugyldig("http.ca %s har intet certifikat i PEM", p.Kald.CA).Med("ret profilen")
		}
	}
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: t, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
