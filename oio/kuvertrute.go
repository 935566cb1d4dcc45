package oio

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// StemmerKuvert checks that the metadata of b agree with the envelope in its content: what both tell is the same. A list
// may have values beside the envelope's: MOX adds a procesID. A UUID of a code list that k does not have cannot be
// compared, and passes.
//
// The error is an [*mox.Error]: one of [UnmarshalKuvert], or [mox.KodeUenig] with the fields. spec: mox 11
func StemmerKuvert(b *mox.Besked, k Koder) error {
	const op = "oio.StemmerKuvert"
	x, err := laesKuvert(op, b.Indhold)
	if err != nil {
		return err
	}
	kuvert, err := k.besked(op, x)
	if err != nil {
		return err
	}
	var fejl []mox.Feltfejl
	for _, f := range mox.Beskedfelter() {
		if !stemmer(&f, f.Hent(b), f.Hent(&kuvert)) {
			fejl = append(fejl, mox.Feltfejl{Sti: f.Navn, Regel: "uenig", Spec: "mox 11", Tekst: "siger ét i metadata og et andet i kuverten"})
		}
	}
	for _, r := range kuvert.Relateret {
		if len(b.Relateret) > 0 && !slices.ContainsFunc(b.Relateret, func(x mox.Relateret) bool { return mox.SammeMyndighed(x.ID, r.ID) }) {
			fejl = append(fejl, mox.Feltfejl{Sti: navnRelateret, Regel: "uenig", Spec: "mox 11", Tekst: "mangler et objekt, der står i kuverten"})
			break
		}
	}
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUenig, Op: op, Tekst: "metadata og kuvert er uenige", Felter: fejl,
		Raad: "dan metadata af kuverten, og send med et nyt beskedID"}
}

func stemmer(f *mox.Beskedfelt, hoved, kuvert []string) bool {
	if len(hoved) == 0 || len(kuvert) == 0 {
		return true
	}
	for _, v := range kuvert {
		ukendtKode := kodelisteFor(f.Navn) != "" && mox.ErUUID(v)
		if !ukendtKode && !slices.ContainsFunc(hoved, func(h string) bool { return mox.SammeMyndighed(h, v) }) {
			return false
		}
	}
	return true
}

func kodelisteFor(felt string) string {
	for _, p := range kuvertpladser {
		if p.felt == felt {
			return p.liste
		}
	}
	return ""
}

// Kanonisk is [mox.Besked.Kanonisk], also for a besked whose content is a whole envelope: what the carriers write on it on its
// way is no content, so the same besked that comes by another way is the same. What counts is Filtreringsdata,
// Modtagerhandling and Beskeddata, byte for byte. spec: mox 40, 41
func Kanonisk(b *mox.Besked) []byte {
	if !ErKuvert(b.Indholdstype) {
		return b.Kanonisk()
	}
	x, err := laesKuvert("oio.Kanonisk", b.Indhold)
	if err != nil {
		return b.Kanonisk() // to be refused
	}
	uden := *b
	uden.Indhold = nil
	for _, e := range slices.Concat(x.rod.under("Beskedkuvert").boern, x.rod.boern) {
		if e.navn == "Filtreringsdata" || e.navn == "Modtagerhandling" || e.navn == "Beskeddata" {
			uden.Indhold = append(uden.Indhold, x.raa[e.fra:e.til]...)
		}
	}
	return uden.Kanonisk()
}

// Leverancerute is one hop of an envelope on its way: who carried it, when, and why. spec: mox 32, 33
type Leverancerute struct {
	Fordelingssystem      string // UUID or URN of the MOX that carried it
	Modtaget, Leveret     time.Time
	ModtagetFra           string // UUID of the it-system it came from; a name stands in our namespace
	Abonnement            mox.AbonnementID
	AntalLeveranceforsoeg int
}

// MedLeverancerute adds a hop to an envelope, and leaves every other byte as it is: a signature over the parts still holds,
// and so does the namespace context of each, because the hop declares what it needs itself.
//
// The error is an [*mox.Error] as of [UnmarshalKuvert], also where the envelope would become larger than MaksBeskedBytes.
func MedLeverancerute(raa []byte, r Leverancerute) ([]byte, error) {
	const op = "oio.MedLeverancerute"
	x, err := laesKuvert(op, raa)
	if err != nil {
		return nil, err
	}
	ud := x.indsaet(r.skriv())
	if len(ud) > MaksBeskedBytes {
		return nil, forStor(op, len(ud), MaksBeskedBytes)
	}
	return ud, nil
}

// Indpak puts an envelope between what stands before and after it in a call: without the declaration, which may only stand
// first in a document.
func Indpak(foer string, kuvert []byte, efter string) []byte {
	if bytes.HasPrefix(kuvert, []byte("<?xml")) {
		_, kuvert, _ = bytes.Cut(kuvert, []byte("?>"))
	}
	return slices.Concat([]byte(foer), kuvert, []byte(efter))
}

// under is the first element of the name in e.
func (e *element) under(navn string) *element {
	for _, b := range e.boern {
		if b.rum == rumKuvert && b.navn == navn {
			return b
		}
	}
	return nil
}

// foersteBarn is the first element in e; nil where there is none.
func (e *element) foersteBarn() *element {
	if e == nil || len(e.boern) == 0 {
		return nil
	}
	return e.boern[0]
}

// indsaet puts a Leverancerute last in Leveranceruter, which is made where there is none.
func (k *kuvert) indsaet(rute []byte) []byte {
	leverance := k.rod.under("Beskedkuvert").under("Leveranceinformation")
	if ruter := leverance.under("Leveranceruter"); ruter != nil {
		return k.indeni(ruter, rute)
	}
	ny := slices.Concat([]byte(`<besked:Leveranceruter xmlns:besked="`+rumKuvert+`">`), rute, []byte(`</besked:Leveranceruter>`))
	if efter := leverance.under("LeveranceinformationLokalUdvidelse"); efter != nil {
		return slices.Concat(k.raa[:efter.fra], ny, k.raa[efter.fra:])
	}
	return k.indeni(leverance, ny)
}

// indeni puts nyt last in e; <a/> becomes <a>…</a>.
func (k *kuvert) indeni(e *element, nyt []byte) []byte {
	if !e.selvlukket {
		return slices.Concat(k.raa[:e.indreTil], nyt, k.raa[e.indreTil:])
	}
	navn := e.navn
	if e.praefiks != "" {
		navn = e.praefiks + ":" + navn
	}
	start := bytes.TrimSuffix(k.raa[:e.til], []byte("/>"))
	return slices.Concat(start, []byte(">"), nyt, []byte("</"+navn+">"), k.raa[e.til:])
}

// skriv writes the hop along its schema. It declares its own prefixes.
func (r *Leverancerute) skriv() []byte {
	s := kuvertskriver{vaerdi: map[string][]string{}}
	saet := func(navn, v string) {
		if v != "" {
			s.vaerdi[navn] = []string{v}
		}
	}
	if r.Fordelingssystem != "" {
		saet("Fordelingssystem", Koder{}.tilID("fordelingssystem", r.Fordelingssystem))
	}
	saet("ModtagelsesTidspunkt", kuverttid(r.Modtaget))
	saet("LeveranceTidspunkt", kuverttid(r.Leveret))
	if mox.ErUUID(strings.ToLower(r.ModtagetFra)) {
		saet("ModtagetFraSystem", r.ModtagetFra)
	}
	if r.Abonnement != "" {
		saet("ErLeveretIHenholdTil", Koder{}.tilID(HeaderAbonnement, string(r.Abonnement)))
	}
	s.aabn("besked:Leverancerute", ` xmlns:besked="`+rumKuvert+`" xmlns:sd="`+rumSagdok+`"`)
	for i := range leveranceruteform.dele {
		s.del(leveranceruteform.dele[i], leveranceruteform.dele[i].navn)
	}
	s.aabn("besked:LeveranceruteLokalUdvidelse", "")
	s.enkelt("besked:AntalLeveranceforsoeg", "", strconv.Itoa(r.AntalLeveranceforsoeg))
	if r.ModtagetFra != "" && s.vaerdi["ModtagetFraSystem"] == nil {
		s.mox("modtagetFraSystem", ` xmlns:mox="`+rumMox+`"`, r.ModtagetFra)
	}
	s.luk("besked:LeveranceruteLokalUdvidelse")
	s.luk("besked:Leverancerute")
	return s.ud.Bytes()
}

func kuverttid(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
