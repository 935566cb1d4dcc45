// Package webhook signs calls by Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0), and tells whether a
// call was signed so.
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Headers of a signed call.
const (
	HeaderID       = "webhook-id"        // the same for every attempt at a leverance: the receiver knows a repeat by it
	HeaderTid      = "webhook-timestamp" // of this attempt, Unix seconds
	HeaderSignatur = "webhook-signature" // one for each secret, with a space between
)

const hemmelighedForled = "whsec_"

// Bytes of a secret.
const (
	mindsteHemmelighed  = 24
	stoersteHemmelighed = 64
)

// Tolerance is how far a call's time may be from the receiver's clock, either way.
const Tolerance = 5 * time.Minute

// NyHemmelighed makes a secret for one receiver, in the form "whsec_…" in which it is given to them.
func NyHemmelighed() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return hemmelighedForled + base64.StdEncoding.EncodeToString(b)
}

// LaesHemmelighed reads a secret in the form "whsec_…". The error does not show it.
func LaesHemmelighed(s string) ([]byte, error) {
	tekst, ok := strings.CutPrefix(strings.TrimSpace(s), hemmelighedForled)
	b, err := base64.StdEncoding.DecodeString(tekst)
	if !ok || err != nil || len(b) < mindsteHemmelighed || len(b) > stoersteHemmelighed {
		return nil, mox.E("hemmelighed", mox.KodeUgyldig, "hemmeligheden til underskrift har ikke den rette form").
			Med(fmt.Sprintf("skriv whsec_ og %d-%d bytes som base64", mindsteHemmelighed, stoersteHemmelighed))
	}
	return b, nil
}

// ID is a leverance's idempotency key as it is sent: without the full stop that the signed text is divided by, and in
// characters that a header may hold. Two keys never give the same.
func ID(noegle string) string { return strings.ReplaceAll(url.QueryEscape(noegle), ".", "/") }

// Underskriv puts the call's id and time into h, and a signature for each secret.
func Underskriv(h http.Header, id string, nu time.Time, krop []byte, hemmeligheder [][]byte) {
	tid := strconv.FormatInt(nu.Unix(), 10)
	h.Set(HeaderID, id)
	h.Set(HeaderTid, tid)
	var ud []string
	for _, k := range hemmeligheder {
		ud = append(ud, underskrift(k, id, tid, krop))
	}
	if len(ud) > 0 {
		h.Set(HeaderSignatur, strings.Join(ud, " "))
	}
}

func underskrift(hemmelighed []byte, id, tid string, krop []byte) string {
	mac := hmac.New(sha256.New, hemmelighed)
	_, _ = fmt.Fprintf(mac, "%s.%s.", id, tid)
	_, _ = mac.Write(krop)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Kontroller tells whether the call was signed with one of the secrets, at most [Tolerance] from nu. The error has
// [mox.KodeIkkeLoggetInd].
func Kontroller(h http.Header, nu time.Time, krop []byte, hemmeligheder [][]byte) error {
	id, tid := h.Get(HeaderID), h.Get(HeaderTid)
	sekunder, err := strconv.ParseInt(tid, 10, 64)
	switch alder := nu.Sub(time.Unix(sekunder, 0)); {
	case id == "" || err != nil:
		return ikkeUnderskrevet("kaldet har ingen underskrift")
	case alder > Tolerance || alder < -Tolerance:
		return ikkeUnderskrevet("kaldets underskrift er mere end fem minutter fra modtagerens ur").Med("er uret rigtigt, er kaldet optaget og sendt igen")
	}
	ok := false
	for _, k := range hemmeligheder {
		vil := []byte(underskrift(k, id, tid, krop))
		for _, har := range strings.Fields(h.Get(HeaderSignatur)) {
			ok = hmac.Equal(vil, []byte(har)) || ok
		}
	}
	if !ok {
		return ikkeUnderskrevet("kaldet er ikke underskrevet med modtagerens hemmelighed")
	}
	return nil
}

func ikkeUnderskrevet(tekst string) *mox.Error {
	return mox.E("underskrift", mox.KodeIkkeLoggetInd, "%s", tekst)
}
