package console

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox/store"
)

//go:embed tekst
var teksterFS embed.FS

// The languages. Danish comes first: it is what one gets who asks for neither.
const (
	dansk   = "da"
	engelsk = "en"
)

const sprogcookie = "mox_sprog"

// sprog is one language: its texts, and how it writes times and numbers.
type sprog struct {
	kode    string
	tekster map[string]string
	zone    *time.Location
	nu      func() time.Time
}

func laesSprog(zone *time.Location, nu func() time.Time) map[string]*sprog {
	ud := map[string]*sprog{}
	for _, kode := range []string{dansk, engelsk} {
		s := &sprog{kode: kode, zone: zone, nu: nu}
		raa, err := teksterFS.ReadFile("tekst/" + kode + ".json")
		if err == nil {
			err = json.Unmarshal(raa, &s.tekster)
		}
		if err != nil {
			panic(err) // the texts are part of the program
		}
		ud[kode] = s
	}
	return ud
}

// vaelg finds the language of a request: as chosen on the page, else as the browser prefers.
func vaelg(r *http.Request) string {
	if k, err := r.Cookie(sprogcookie); err == nil && (k.Value == dansk || k.Value == engelsk) {
		return k.Value
	}
	bedst, vaegt := dansk, 0.0
	for led := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		navn, q := kvalitet(led)
		if q > vaegt && (navn == dansk || navn == engelsk) {
			bedst, vaegt = navn, q
		}
	}
	return bedst
}

// kvalitet reads one part of Accept-Language: "en-GB;q=0.8". A reader of Norwegian or Swedish is served in Danish.
func kvalitet(led string) (navn string, q float64) {
	navn, rest, _ := strings.Cut(strings.TrimSpace(led), ";")
	navn, _, _ = strings.Cut(strings.ToLower(navn), "-")
	if slices.Contains([]string{"nb", "nn", "no", "sv"}, navn) {
		navn = dansk
	}
	q = 1
	if v, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
		q, _ = strconv.ParseFloat(v, 64)
	}
	return navn, q
}

func (c *console) skiftSprog(w http.ResponseWriter, r *http.Request) error {
	valgt := r.PostFormValue("sprog")
	if valgt != engelsk {
		valgt = dansk
	}
	http.SetCookie(w, &http.Cookie{Name: sprogcookie, Value: valgt, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: r.TLS != nil})
	http.Redirect(w, r, lokalSti(r.PostFormValue("tilbage")), http.StatusSeeOther)
	return nil
}

// lokalSti is s if it leads to a page here, else the front page.
func lokalSti(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}

// t is the text by its key, with args put in as by [fmt.Sprintf]; whole numbers are written as the language does.
func (s *sprog) t(noegle string, args ...any) string {
	tekst, ok := s.tekster[noegle]
	if !ok {
		return noegle
	}
	if len(args) == 0 {
		return tekst
	}
	for i, a := range args {
		switch n := a.(type) {
		case int:
			args[i] = s.tal(n)
		case int64:
			args[i] = s.tal(n)
		}
	}
	return fmt.Sprintf(tekst, args...)
}

// har reports whether the language has the text.
func (s *sprog) har(noegle string) bool { return s.tekster[noegle] != "" }

// antal is n of something, in the singular or the plural: the texts noegle+".en" and noegle+".flere".
func (s *sprog) antal(noegle string, n any) string {
	if fmt.Sprint(n) == "1" {
		return s.t(noegle+".en", n)
	}
	return s.t(noegle+".flere", n)
}

// tal writes a whole number with the language's thousands separator.
func (s *sprog) tal(n any) string {
	cifre := fmt.Sprint(n)
	skille := "."
	if s.kode == engelsk {
		skille = ","
	}
	for i := len(cifre) - 3; i > 0 && cifre[i-1] != '-'; i -= 3 {
		cifre = cifre[:i] + skille + cifre[i:]
	}
	return cifre
}

// tid is a moment as people say it, with the exact one for machines and on hover.
func (s *sprog) tid(t time.Time) template.HTML {
	if t.IsZero() {
		return template.HTML(`<span class="intet">–</span>`)
	}
	t = t.In(s.zone)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.Format(time.RFC3339Nano), t.Format("2006-01-02 15:04:05.000 MST"),
		template.HTMLEscapeString(s.tidstekst(t))))
}

func (s *sprog) tidstekst(t time.Time) string {
	t = t.In(s.zone)
	nu := s.nu().In(s.zone)
	klokken := s.t("tid.kl", t.Format(s.t("tid.ur")))
	switch {
	case t.Year() == nu.Year() && t.YearDay() == nu.YearDay():
		return klokken
	case t.Year() == nu.Year():
		return s.t("tid.dag", strconv.Itoa(t.Day()), s.maaned(t)) + " " + klokken
	}
	return s.t("tid.dag", strconv.Itoa(t.Day()), s.maaned(t)) + " " + strconv.Itoa(t.Year()) + " " + klokken
}

// dato is a day as people say it, with its year.
func (s *sprog) dato(t time.Time) string {
	t = t.In(s.zone)
	return s.t("tid.dag", strconv.Itoa(t.Day()), s.maaned(t)) + " " + strconv.Itoa(t.Year())
}

func (s *sprog) maaned(t time.Time) string {
	return strings.Fields(s.t("tid.maaneder"))[t.Month()-1]
}

// siden is how long ago t was; "–" for never.
func (s *sprog) siden(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return s.varighed(max(s.nu().Sub(t).Truncate(time.Second), time.Second))
}

// varighed is a length of time in its two greatest units.
func (s *sprog) varighed(d time.Duration) string {
	switch {
	case d < time.Second:
		return s.t("tid.ms", strconv.FormatInt(d.Milliseconds(), 10))
	case d < 10*time.Second && d%time.Second != 0:
		return s.t("tid.sek", strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".", s.t("tid.komma"), 1))
	case d < time.Minute:
		return s.t("tid.sek", strconv.Itoa(int(d.Seconds())))
	case d < time.Hour:
		return s.t("tid.min", strconv.Itoa(int(d.Minutes())))
	case d < 24*time.Hour:
		return s.toEnheder("tid.t", int(d.Hours()), "tid.min", int(d.Minutes())%60)
	}
	return s.toEnheder("tid.doegn", int(d.Hours())/24, "tid.t", int(d.Hours())%24)
}

func (s *sprog) toEnheder(stor string, n int, lille string, m int) string {
	ud := s.t(stor, strconv.Itoa(n))
	if m == 0 {
		return ud
	}
	return ud + " " + s.t(lille, strconv.Itoa(m))
}

// mellem is how long something took; "" while it is not over.
func (s *sprog) mellem(fra, til time.Time) string {
	if fra.IsZero() || til.IsZero() {
		return ""
	}
	return s.varighed(max(til.Sub(fra), 0))
}

// paaDansk marks a text that the database keeps in Danish, so that a screen reader in another language says it rightly.
func (s *sprog) paaDansk(tekst string) template.HTML {
	if s.kode == dansk {
		return template.HTML(template.HTMLEscapeString(tekst))
	}
	return template.HTML(`<span lang="da">` + template.HTMLEscapeString(tekst) + `</span>`)
}

// fejltekst is what went wrong. What a receiver said stands in the receiver's language, which nobody knows.
func (s *sprog) fejltekst(art store.FejlArt, tekst string) template.HTML {
	if art == store.FejlLeverance {
		return template.HTML(template.HTMLEscapeString(tekst))
	}
	return s.paaDansk(tekst)
}

// kendt is the text noegle+"."+kode, or kode itself where there is none.
func (s *sprog) kendt(noegle string, kode any) string {
	k := fmt.Sprint(kode)
	if s.har(noegle + "." + k) {
		return s.t(noegle + "." + k)
	}
	return k
}

// fejlnavn is what a Fejl is called: what MOX's own code means, or what the receiver said.
func (s *sprog) fejlnavn(art store.FejlArt, kode, system string) string {
	switch tekst := s.aarsag(kode); {
	case tekst != "":
		return tekst
	case art == store.FejlLeverance:
		return s.t("fejl.svarede", cmp.Or(system, s.t("ansvar.modtager")), kode)
	}
	return s.kendt("art", art)
}

// aarsag says in words what a code of MOX's own means; "" for a receiver's code, which only the receiver can explain.
func (s *sprog) aarsag(kode string) string {
	if s.har("kode." + kode) {
		return s.t("kode." + kode)
	}
	return ""
}
