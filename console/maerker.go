package console

import (
	"fmt"
	"html/template"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/store"
)

// ikoner are the paths of small pictures, 16 by 16. Each state has a shape of its own, so that colour is never the only
// thing that tells.
var ikoner = map[string]string{
	"ok":       "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 5.3-4.3 4.6a.8.8 0 0 1-1.1 0L4.3 9a.8.8 0 0 1 1.1-1.1l1.3 1.3 3.8-4a.8.8 0 0 1 1.1 1.1Z",
	"kritisk":  "M8.9 1.8a1 1 0 0 0-1.8 0L.8 13.5A1 1 0 0 0 1.7 15h12.6a1 1 0 0 0 .9-1.5L8.9 1.8ZM7.2 6h1.6v4.4H7.2V6Zm.8 7.3a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z",
	"uvist":    "M3.500 1h9A2.500 2.500 0 0 1 15 3.500v9a2.500 2.500 0 0 1-2.500 2.500h-9A2.500 2.500 0 0 1 1 12.500v-9A2.500 2.500 0 0 1 3.500 1ZM8.800 9.900H7.200v-.6c0-1.200.7-1.800 1.400-2.300.6-.4.9-.7.9-1.300 0-.7-.6-1.200-1.500-1.200s-1.500.5-1.600 1.300H4.800C4.900 4.100 6.200 3 8 3s3.100 1.100 3.100 2.700c0 1.300-.8 1.900-1.500 2.400-.6.4-.8.6-.8 1.200v.6ZM7 12a1 1 0 1 0 2 0 1 1 0 0 0-2 0Z",
	"vent":     "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.600a5.400 5.400 0 1 1 0 10.800A5.400 5.400 0 0 1 8 2.600Z",
	"ur":       "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.600a5.400 5.400 0 1 1 0 10.800A5.400 5.400 0 0 1 8 2.600ZM7.200 4.500v4c0 .2.1.4.3.6l2.600 1.900 1-1.300L8.800 8.100V4.500H7.200Z",
	"afsted":   "M2 3.200v9.600c0 .8.9 1.300 1.600.9l10-4.800a1 1 0 0 0 0-1.800l-10-4.800C2.900 1.900 2 2.400 2 3.200Z",
	"pause":    "M3 2h3.500v12H3V2Zm6.500 0H13v12H9.500V2Z",
	"lukket":   "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-5.400 7a5.400 5.400 0 0 1 8.700-4.300L3.700 11.300A5.400 5.400 0 0 1 2.600 8Zm2.200 4.300 7.500-7.500a5.400 5.400 0 0 1-7.500 7.500Z",
	"udloebet": "M3 1h10v2.600L9.800 8 13 12.400V15H3v-2.600L6.200 8 3 3.600V1Zm1.800 1.600v.5L8 6.900l3.200-3.800v-.5H4.800Z",
	"indbakke": "M2.500 2h11L15 9v5H1V9l1.500-7Zm1.300 1.600L2.700 8.800h3.100c.2 1 1.100 1.700 2.200 1.700s2-.7 2.200-1.700h3.100l-1.100-5.200H3.800Z",
	"laast":    "M8 1a3.500 3.500 0 0 0-3.500 3.500V7H3v8h10V7h-1.500V4.500A3.500 3.500 0 0 0 8 1Zm0 1.600c1 0 1.900.8 1.900 1.900V7H6.100V4.500c0-1 .8-1.900 1.900-1.900Z",
	"person":   "M8 1.500a3.300 3.300 0 1 0 0 6.600 3.300 3.300 0 0 0 0-6.600ZM1.500 15c0-3.200 2.900-5.500 6.500-5.500s6.500 2.300 6.500 5.500h-13Z",
	"ud":       "M9 2h5v5h-1.600V4.700L7.600 9.500 6.500 8.400l4.800-4.800H9V2ZM3 3.500h3.500v1.600H4.600v6.300h6.300V9.500h1.600V13H3V3.500Z",
	"gensend":  "M8 2a6 6 0 0 1 5.200 3V2.500h1.600V8H9.300V6.400h2.900A4.400 4.400 0 1 0 12 10.500l1.400.8A6 6 0 1 1 8 2Z",
}

// ikon is a small picture beside a text that says the same.
func ikon(navn string) template.HTML {
	return template.HTML(`<svg class="ikon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path fill-rule="evenodd" d="` + ikoner[navn] + `"/></svg>`)
}

// maerke is a text with its shape and colour.
func maerke(klasse, navn, tekst string) template.HTML {
	return template.HTML(fmt.Sprintf(`<span class="maerke m-%s">%s%s</span>`, klasse, ikon(navn), template.HTMLEscapeString(tekst)))
}

// udseende is how a state looks: class (colour) and picture (shape).
type udseende struct{ klasse, ikon string }

var tilstandsudseende = map[mox.LeveranceTilstand]udseende{
	mox.Afventer:      {"vent", "vent"},
	mox.UnderLevering: {"vent", "afsted"},
	mox.Udsat:         {"advarsel", "ur"},
	mox.Leveret:       {"ok", "ok"},
	mox.Overdraget:    {"ok", "indbakke"},
	mox.Parkeret:      {"kritisk", "kritisk"},
	mox.Uvis:          {"uvist", "uvist"},
	mox.Udloebet:      {"stille", "udloebet"},
	mox.Annulleret:    {"stille", "lukket"},
}

// tilstandsmaerke says where a leverance stands, as an operator says it.
func (s *sprog) tilstandsmaerke(l store.Leverance, pause bool) template.HTML {
	u := tilstandsudseende[l.Tilstand]
	venter := l.Tilstand == mox.Afventer || l.Tilstand == mox.Udsat
	switch {
	case venter && l.Blokeret:
		return maerke("vent", "laast", s.t("tilstand.blokeret"))
	case venter && pause:
		return maerke("advarsel", "pause", s.t("tilstand.Holdt"))
	case l.Tilstand == mox.Udsat:
		return maerke(u.klasse, u.ikon, s.t("tilstand.udsat-til", s.tidstekst(l.Naeste)))
	}
	return maerke(u.klasse, u.ikon, s.t("tilstand."+string(l.Tilstand)))
}

// statusmaerke is how many leverancer stand in one state; a single one needs no number.
func (s *sprog) statusmaerke(t mox.LeveranceTilstand, n int) template.HTML {
	u := tilstandsudseende[t]
	tekst := s.t("tilstand." + string(t))
	if n > 1 {
		tekst = s.tal(n) + " " + tekst
	}
	return maerke(u.klasse, u.ikon, tekst)
}

func (s *sprog) procesmaerke(t mox.ProcesTilstand) template.HTML {
	u := map[mox.ProcesTilstand]udseende{mox.ProcesIgang: {"vent", "afsted"}, mox.ProcesAfsluttet: {"ok", "ok"}, mox.ProcesFejlet: {"kritisk", "kritisk"},
		mox.ProcesUdloebet: {"advarsel", "udloebet"}}[t]
	return maerke(u.klasse, u.ikon, s.t("proces."+string(t)))
}

// resultatmaerke is what came of an attempt; one without outcome is still under way, or nobody knows.
func (s *sprog) resultatmaerke(f store.Forsoeg) template.HTML {
	if f.Resultat == "" {
		return maerke("vent", "afsted", s.t("resultat.igang"))
	}
	u := map[mox.Resultat]udseende{mox.ResAccepteret: {"ok", "ok"}, mox.ResOverdraget: {"ok", "indbakke"}, mox.ResAfvist: {"kritisk", "kritisk"},
		mox.ResFejlet: {"kritisk", "kritisk"}, mox.ResMidlertidig: {"advarsel", "ur"}, mox.ResUkendt: {"uvist", "uvist"}, mox.ResUdloebet: {"stille", "udloebet"}}[f.Resultat]
	return maerke(u.klasse, u.ikon, s.t("resultat."+string(f.Resultat)))
}

func (s *sprog) kvitteringsmaerke(k mox.Kvittering) template.HTML {
	u := udseende{"stille", "indbakke"}
	switch k.Art {
	case mox.KvitAccepteret:
		u = udseende{"ok", "ok"}
	case mox.KvitAfvist, mox.KvitFejlet:
		u = udseende{"kritisk", "kritisk"}
	case mox.KvitFrist:
		u = udseende{"stille", "udloebet"}
	case mox.KvitSendtTil:
		return maerke("stille", "afsted", s.antal("kvittering.sendt til", k.Antal))
	}
	return maerke(u.klasse, u.ikon, s.t("kvittering."+string(k.Art)))
}

func (s *sprog) ansvarsmaerke(a mox.Ansvar) template.HTML {
	return maerke("ansvar", "person", s.t("ansvar."+string(a)))
}

// livscyklusmaerke is what a registrering did to its objekt.
func (s *sprog) livscyklusmaerke(k mox.LivscyklusKode) template.HTML {
	u := map[mox.LivscyklusKode]udseende{mox.Opstaaet: {"ok", "ok"}, mox.Importeret: {"ok", "indbakke"}, mox.Rettet: {"vent", "gensend"}, mox.Passiveret: {"stille", "pause"}, mox.Slettet: {"stille", "lukket"}}[k]
	return maerke(u.klasse, u.ikon, s.kendt("register.livscyklus", k))
}

// sletmaerke is how an order to erase stands at a receiver.
func (s *sprog) sletmaerke(stand string, overskredet bool) template.HTML {
	u := sletudseende(stand, overskredet)
	return maerke(u.klasse, u.ikon, s.kendt("glem.stand", stand))
}

// kort is the beginning of an id that is too long to read.
func kort(id any) string {
	v := laes.Maskeret(fmt.Sprint(id))
	if mox.ErUUID(v) {
		return v[:8]
	}
	return afkort(v, 24)
}

// afkort cuts a text to at most n characters.
func afkort(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// felt is one input of a form with its label, what stands in it, and what is wrong with it.
type felt struct {
	ID, Navn, Etiket, Hjaelp, Vaerdi, Fejl string
	Kraevet                                bool
}

func nytFelt(id, navn, etiket, hjaelp, vaerdi, fejl string, kraevet bool) felt {
	return felt{ID: id, Navn: navn, Etiket: etiket, Hjaelp: hjaelp, Vaerdi: vaerdi, Fejl: fejl, Kraevet: kraevet}
}

// aeldre reports whether t is longer ago than d.
func aeldre(t, nu time.Time, d time.Duration) bool { return !t.IsZero() && nu.Sub(t) > d }
