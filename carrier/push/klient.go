package push

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// Codes of outcomes that no receiver has answered.
const (
	kodeUdenSvar      = "uden_svar"
	kodeUtilgaengelig = "utilgaengelig"
	kodeSpaerret      = "spaerret_adresse"
	kodeForm          = "kan_ikke_oversaettes"
	kodeKald          = "kald"
)

const haandtryksfrist = 10 * time.Second

// ledigFrist is how long an unused connection is kept: less than the five seconds after which common servers close theirs,
// since a request that meets a connection being closed has no known outcome.
const ledigFrist = 4 * time.Second

// klient makes calls at receivers. It is safe for concurrent use.
type klient struct {
	o    Options // with defaults
	tls  *http.Client
	klar *http.Client // for http://
}

func nyKlient(o Options) *klient {
	k := &klient{o: o}
	k.tls = nyHTTP(o, vagt{net: o.TilladteNet})
	k.klar = nyHTTP(o, vagt{net: o.TilladteNet, klar: true})
	return k
}

func nyHTTP(o Options, v vagt) *http.Client {
	var kunHTTP1 http.Protocols // one call per connection: a call that hangs holds no other
	kunHTTP1.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       nil, // whatever the environment says: the guard would see the proxy's address only
			DialContext: v.opkald(), Protocols: &kunHTTP1, DisableCompression: true,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.CA, Certificates: o.Certifikater},
			TLSHandshakeTimeout: haandtryksfrist, IdleConnTimeout: ledigFrist, MaxIdleConnsPerHost: o.Samtidige, MaxResponseHeaderBytes: maksSvar,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (k *klient) luk() {
	k.tls.CloseIdleConnections()
	k.klar.CloseIdleConnections()
}

// levering is what came of one attempt.
type levering struct {
	udfald mox.Udfald
	status int    // HTTP; 0 = no answer
	svar   []byte // the answer's body
	kaldt  bool   // a call was made or tried: the outcome says something about the receiver
}

// lever makes one attempt.
func (k *klient) lever(ctx context.Context, a *mox.Abonnement, w distributor.Arbejde) levering {
	c, err := k.kald(a, w)
	if err != nil {
		return levering{udfald: mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: kodeForm, Tekst: err.Error()}}
	}
	s, f := k.send(ctx, http.MethodPost, a.Push.URL, c)
	if f != nil {
		return levering{udfald: f.udfald(), kaldt: true}
	}
	return levering{udfald: doem(a.Push.Form, s, k.o.nu()), status: s.status, svar: s.krop, kaldt: true}
}

// kaldfejl is a call without an answer.
type kaldfejl struct {
	err   error
	sendt bool // the receiver may have seen the request
}

// send makes a call and reads the answer. Either svar or the error is there.
func (k *klient) send(ctx context.Context, metode, adresse string, c Kald) (svar, *kaldfejl) {
	frist, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	var sendt atomic.Bool
	frist = httptrace.WithClientTrace(frist, &httptrace.ClientTrace{
		GetConn:      func(string) { sendt.Store(false) }, // net/http begins again only if nothing of a POST was written
		WroteHeaders: func() { sendt.Store(true) },
	})
	r, err := http.NewRequestWithContext(frist, metode, adresse, bytes.NewReader(c.Krop))
	if err != nil {
		return svar{}, &kaldfejl{err: errors.New("adressen kan ikke kaldes")} // the cause quotes it, with its query
	}
	r.Header = c.Header
	r.Header.Set("User-Agent", "MOX")
	ud, err := k.http(r.URL).Do(r)
	if err != nil {
		return svar{}, &kaldfejl{err: k.hvorfor(ctx, err), sendt: sendt.Load() && !afvistAfTLS(err)}
	}
	defer ud.Body.Close()
	krop, err := io.ReadAll(io.LimitReader(ud.Body, maksSvar))
	return svar{status: ud.StatusCode, header: ud.Header, krop: krop, fejl: err}, nil
}

func (k *klient) http(u *url.URL) *http.Client {
	if u.Scheme == "https" {
		return k.tls
	}
	return k.klar
}

// afvistAfTLS reports whether the receiver ended the connection by a TLS alert. TLS 1.3 refuses a client certificate only
// when the request is already on its way; it has then not been read.
func afvistAfTLS(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// hvorfor is the cause of a failed call, without the address, whose query may hold anything.
func (k *klient) hvorfor(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var timeout net.Error
	var certifikat *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return errors.New("MOX blev standset, før der var svar")
	case errors.As(err, &certifikat):
		return fmt.Errorf("modtagerens certifikat kan ikke godkendes: %w", certifikat.Err)
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("intet svar inden for %s", k.o.Timeout)
	}
	return err
}

// udfald is what a call without an answer makes of an attempt. What never reached the receiver had no effect there: DNS,
// connection and TLS failures are so.
func (f *kaldfejl) udfald() mox.Udfald {
	var s *spaerretFejl
	switch {
	case errors.As(f.err, &s):
		return mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: kodeSpaerret, Tekst: s.hvorfor}
	case f.sendt:
		return mox.Udfald{Resultat: mox.ResUkendt, Kode: kodeUdenSvar, Tekst: f.err.Error()}
	}
	return mox.Udfald{Resultat: mox.ResMidlertidig, Kode: kodeUtilgaengelig, Tekst: f.err.Error()}
}
