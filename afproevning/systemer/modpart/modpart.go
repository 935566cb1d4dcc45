// Package modpart is two small products that exchange beskeder: one that sends and one that receives, over AMQP and HTTP. They do
// it right, and on demand they do one thing wrong: the negative controls of the snitfladetest. They know the header
// specification and nothing of MOX.
package modpart

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"
)

// Config is how a product is set up. What its role and carrier do not use may be left out.
type Config struct {
	Fejl   string // what it does wrong; empty = nothing
	System string // its own name

	AMQP     string // the broker
	Exchange string // where it sends, also Kvitteringer
	Koe      string // where it receives
	Svar     bool   // it asks for a StandardRetur (afsender), or refuses by reject where none is asked for (modtager)

	URL         string // where it sends
	Form        string // how it writes: headers, binaer, struktureret, kuvert or modtagbesked
	Noegle      string // it shows this key, or demands it
	Hemmelighed string // whsec_…: it signs with it, or demands a signature

	Vent time.Duration // before the first new attempt, doubled to thirty times as much; 0 = 100 ms
}

func (c Config) vent() time.Duration {
	if c.Vent == 0 {
		return 100 * time.Millisecond
	}
	return c.Vent
}

// nyUUID is a random UUID.
func nyUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// klient is what the products call with.
func klient(foelg bool) *http.Client {
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	if !foelg {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}
