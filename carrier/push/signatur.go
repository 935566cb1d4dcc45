package push

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

// Headers of a signed call. https://www.standardwebhooks.com, version 1.0.0
const (
	HeaderWebhookID       = "webhook-id"        // the same for every attempt at a leverance: the receiver knows a repeat by it
	HeaderWebhookTid      = "webhook-timestamp" // of this attempt, Unix seconds
	HeaderWebhookSignatur = "webhook-signature" // one for each secret, with a space between
)

const hemmelighedForled = "whsec_"

// Bytes of a secret.
const (
	mindsteHemmelighed  = 24
	stoersteHemmelighed = 64
)

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

// WebhookID is a leverance's idempotency key as it is sent: without the full stop that the signed text is divided by, and
// in characters that a header may hold. Two keys never give the same.
func WebhookID(noegle string) string { return strings.ReplaceAll(url.QueryEscape(noegle), ".", "/") }

// Underskriv puts the call's id and time into h, and a signature for each secret.
func Underskriv(h http.Header, id string, nu time.Time, krop []byte, hemmeligheder [][]byte) {
	tid := strconv.FormatInt(nu.Unix(), 10)
	h.Set(HeaderWebhookID, id)
	h.Set(HeaderWebhookTid, tid)
	var ud []string
	for _, k := range hemmeligheder {
		mac := hmac.New(sha256.New, k)
		_, _ = fmt.Fprintf(mac, "%s.%s.", id, tid)
		_, _ = mac.Write(krop)
		ud = append(ud, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if len(ud) > 0 {
		h.Set(HeaderWebhookSignatur, strings.Join(ud, " "))
	}
}
