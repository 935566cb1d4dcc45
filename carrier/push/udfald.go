package push

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/oio"
)

// Limits on an answer.
const (
	maksSvar  = 64 << 10  // bytes that are read of it
	maksOrd   = 300       // characters of the receiver's own words that are kept as the reason
	maksEfter = time.Hour // a longer Retry-After is taken for a mistake: the receiver is asked again after this
)

// svar is what a receiver answered, whatever its status.
type svar struct {
	status int
	header http.Header
	krop   []byte // the first maksSvar bytes
	fejl   error  // the body could not be read to its end
}

// doem says what an answer means. spec: mox 42
//
//	2xx                     accepteret; for modtagbesked the StandardRetur in it decides
//	400, 422                afvist: the besked is at fault, so the sender
//	409, 410                afvist: the receiver's own state
//	408, 425, 429, 5xx      midlertidig, not before Retry-After
//	3xx                     fejlet: a redirect is not followed, since nobody has approved where it leads
//	other 4xx, 401 403 404  fejlet, ansvar MOX: address, key or certificate must be mended here first
func doem(form mox.PushForm, s svar, nu time.Time) mox.Udfald {
	u := mox.Udfald{Kode: strconv.Itoa(s.status), Tekst: svartekst(s)}
	switch {
	case s.status/100 == 2 && form == mox.FormModtagBesked:
		return standardretur(s)
	case s.status/100 == 2:
		u.Resultat = mox.ResAccepteret
	case s.status == http.StatusBadRequest || s.status == http.StatusUnprocessableEntity:
		u.Resultat, u.Ansvar = mox.ResAfvist, mox.AnsvarAfsender
	case s.status == http.StatusConflict || s.status == http.StatusGone:
		u.Resultat, u.Ansvar = mox.ResAfvist, mox.AnsvarModtager
	case forbigaaende(s.status):
		u.Resultat, u.Efter = mox.ResMidlertidig, retryAfter(s.header, nu)
	case s.status/100 == 3:
		u.Resultat, u.Ansvar = mox.ResFejlet, mox.AnsvarMOX
		u.Tekst = fmt.Sprintf("svar %d: modtageren viser videre til en anden adresse, og den følges ikke; ret adressen i abonnementet", s.status)
	default:
		u.Resultat, u.Ansvar = mox.ResFejlet, mox.AnsvarMOX
	}
	return u
}

func forbigaaende(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// standardretur judges an answer whose HTTP status says only that there is one: the receiver sends 200 for errors too.
// An answer that cannot be read is no yes, and no reason to think that nothing happened.
func standardretur(s svar) mox.Udfald {
	if s.fejl != nil {
		return mox.Udfald{Resultat: mox.ResUkendt, Kode: kodeUdenSvar, Tekst: "forbindelsen blev afbrudt midt i svaret"}
	}
	felter, err := laesModtagBeskedOutput(s)
	kode := felter["StandardRetur.StatusKode"]
	if err != nil || kode == "" {
		return mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "svar", Tekst: fmt.Sprintf("svar %d uden en ModtagBeskedOutput, der kan læses: %s",
			s.status, cmp.Or(fejltekst(err), "StatusKode mangler"))}
	}
	u := oio.Standardretur(kode)
	if t := felter["StandardRetur.FejlbeskedTekst"]; t != "" {
		u.Tekst += ": " + kort(t)
	}
	return u
}

func laesModtagBeskedOutput(s svar) (map[string]string, error) {
	_, param, _ := mime.ParseMediaType(s.header.Get("Content-Type"))
	tekst, err := connector.DecodeXML(s.krop, param["charset"])
	if err != nil {
		return nil, err
	}
	if len(tekst.Bad) > 0 {
		return nil, tekst.Bad[0]
	}
	rod, err := connector.ParseXML(tekst.S)
	if err != nil {
		return nil, err
	}
	if rod.Name != "ModtagBeskedOutput" {
		return nil, errors.New("roden er " + kort(rod.Name))
	}
	return rod.Flatten()
}

func fejltekst(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// retryAfter is how long the receiver asks us to wait; 0 = it does not say. RFC 9110 section 10.2.3
func retryAfter(h http.Header, nu time.Time) (d time.Duration) {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if naar, err := http.ParseTime(v); err == nil {
		d = naar.Sub(nu)
	}
	return min(max(d, 0), maksEfter)
}

// svartekst is the answer for people: its status and the receiver's own explanation, where it gives one as text.
func svartekst(s svar) string {
	t := fmt.Sprintf("svar %d", s.status)
	if forklaring := forklaring(s); forklaring != "" && s.status/100 != 2 {
		t += ": " + forklaring
	}
	return t
}

func forklaring(s svar) string {
	slags, _, _ := mime.ParseMediaType(s.header.Get("Content-Type"))
	switch {
	case strings.HasSuffix(slags, "json"):
		var p struct{ Detail, Message, Fejl, Title string } // a problem document (RFC 9457), and what others call it
		_ = json.Unmarshal(s.krop, &p)                      // a field of another type is no explanation
		return kort(cmp.Or(p.Detail, p.Message, p.Fejl, p.Title))
	case slags == "text/plain":
		return kort(string(s.krop))
	}
	return ""
}

// kort makes one line of text, not longer than a screen shows.
func kort(t string) string {
	r := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(t, "?")), " "))
	if len(r) > maksOrd {
		return string(r[:maksOrd-1]) + "…"
	}
	return string(r)
}
