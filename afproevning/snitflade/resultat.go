package snitflade

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Format names the form of a result, and its version.
const Format = "mox-snitfladetest-1"

// Status is what came of a case.
type Status string

// The statuses.
const (
	Bestaaet      Status = "bestået"
	Fejlet        Status = "fejlet"
	IkkeAfproevet Status = "ikke afprøvet"
)

// Samlet is what came of the whole.
type Samlet string

// The verdicts. Only the first is a pass.
const (
	SamletBestaaet      Samlet = "bestået"
	SamletFejlet        Samlet = "fejlet"
	SamletUfuldstaendig Samlet = "ufuldstændig" // nothing failed, and something could not be tried
)

// Resultat is one test of one product. Written as JSON it has one form, in which only times differ between two runs that saw
// the same.
type Resultat struct {
	Format      string            `json:"format"`
	Dom         Samlet            `json:"dom"`
	Produkt     string            `json:"produkt"`
	Version     string            `json:"version"`
	Leverandoer string            `json:"leverandoer"`
	Omfang      Omfang            `json:"omfang"`
	Optaelling  Optaelling        `json:"optaelling"`
	Proevesaet  string            `json:"proevesaet"` // the version of the case set
	Vaerktoej   string            `json:"vaerktoej"`  // the version of the program
	Begyndt     time.Time         `json:"begyndt"`
	Sluttet     time.Time         `json:"sluttet"`
	Proever     []Proeveresultat  `json:"proever"`
	Udenfor     []UdenforOmfanget `json:"uden_for_omfang"`
	Forskel     *Forskel          `json:"forskel,omitempty"` // to the result before
}

// Omfang is what the result holds for: another role, carrier or form has not been looked at.
type Omfang struct {
	Niveau       Niveau  `json:"niveau"`
	Rolle        Rolle   `json:"rolle"`
	Carrier      Carrier `json:"carrier"`
	System       string  `json:"system"`
	Former       []Form  `json:"former"`
	Adgang       string  `json:"adgang,omitempty"`
	Svar         string  `json:"svar,omitempty"`
	Kvitteringer bool    `json:"kvitteringer"`
}

// Optaelling is how many cases had each outcome.
type Optaelling struct {
	IAlt          int `json:"i_alt"`
	Bestaaet      int `json:"bestaaet"`
	Fejlet        int `json:"fejlet"`
	IkkeAfproevet int `json:"ikke_afproevet"`
	Undtaget      int `json:"undtaget"` // of those not tried: the profile says why
	Udenfor       int `json:"uden_for_omfang"`
	IkkeKoert     int `json:"ikke_koert,omitempty"` // within scope, and not asked for
}

// Proeveresultat is what came of one case.
type Proeveresultat struct {
	ID         string   `json:"id"`
	Navn       string   `json:"navn"`
	Niveau     Niveau   `json:"niveau"`
	Status     Status   `json:"status"`
	Grund      string   `json:"grund,omitempty"` // what was seen, or why nothing was
	Undtaget   bool     `json:"undtaget,omitempty"`
	Krav       []string `json:"krav"`
	Regel      string   `json:"regel,omitempty"`
	Forklaring string   `json:"forklaring"`
}

// UdenforOmfanget is a case about something the profile says the product has not.
type UdenforOmfanget struct {
	ID      string   `json:"id"`
	Navn    string   `json:"navn"`
	Kraever []string `json:"kraever"`
}

// tilfoej adds what a check found: a failure outweighs all, and nothing to look at outweighs a pass.
func (r *Proeveresultat) tilfoej(f fund) {
	switch {
	case f.status == Bestaaet || r.Status == Fejlet:
	case f.status == Fejlet || r.Status == Bestaaet:
		r.Status, r.Grund = f.status, mox.Maskeret(f.tekst)
	}
}

func nytResultat(p *Profil, o Options) *Resultat {
	r := &Resultat{Format: Format, Produkt: p.Produkt, Version: p.Version, Leverandoer: p.Leverandoer, Proevesaet: Saet(), Vaerktoej: o.Vaerktoej,
		Begyndt: time.Now().UTC().Truncate(time.Second), Proever: []Proeveresultat{}, Udenfor: []UdenforOmfanget{},
		Omfang: Omfang{Niveau: o.Niveau, Rolle: p.Rolle, Carrier: p.Carrier, System: p.System, Former: p.Former, Kvitteringer: p.Kvitteringer != nil}}
	if p.Carrier == HTTP {
		r.Omfang.Adgang = p.Adgang
	} else {
		r.Omfang.Svar = p.Svar
	}
	for i := range o.Proever {
		q := &o.Proever[i]
		if mangler := p.mangler(q); p.angaar(q, o.Niveau) && len(mangler) > 0 {
			r.Udenfor = append(r.Udenfor, UdenforOmfanget{q.ID, q.Navn, mangler})
		}
	}
	return r
}

// slut counts and judges.
func (r *Resultat) slut(nu time.Time) {
	r.Sluttet = nu.UTC().Truncate(time.Second)
	r.Optaelling = r.optael()
	r.Dom = r.Optaelling.dom()
}

// optael counts what the result has.
func (r *Resultat) optael() Optaelling {
	l := r.Proever
	o := Optaelling{IAlt: len(l), Udenfor: len(r.Udenfor), IkkeKoert: r.Optaelling.IkkeKoert}
	for i := range l {
		switch l[i].Status {
		case Bestaaet:
			o.Bestaaet++
		case Fejlet:
			o.Fejlet++
		default:
			o.IkkeAfproevet++
			if l[i].Undtaget {
				o.Undtaget++
			}
		}
	}
	return o
}

// dom is the verdict on what was counted. A case that the profile exempts is told, and is no pass: but it does not stop one.
func (o Optaelling) dom() Samlet {
	switch {
	case o.Fejlet > 0:
		return SamletFejlet
	case o.Bestaaet == 0 || o.IkkeAfproevet > o.Undtaget || o.IkkeKoert > 0:
		return SamletUfuldstaendig
	}
	return SamletBestaaet
}

// SkrivJSON writes the result in its one form.
func (r *Resultat) SkrivJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// LaesResultat reads a result that SkrivJSON has written. The error is an [*mox.Error].
func LaesResultat(fil string) (*Resultat, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, ugyldig("resultatet %s kan ikke læses", fil).Med("giv en resultat.json fra mox snitfladetest run")
	}
	var r Resultat
	if err := json.Unmarshal(b, &r); err != nil || r.Format != Format {
		return nil, ugyldig("%s er ikke et resultat på formen %s", fil, Format).Med("giv en resultat.json fra mox snitfladetest run")
	}
	return &r, nil
}

// Forskel is what is not as it was in the result before.
type Forskel struct {
	Version    string     `json:"version"` // of the product then
	Sluttet    time.Time  `json:"sluttet"`
	Dom        Samlet     `json:"dom"`
	NyeFejl    []Aendring `json:"nye_fejl"`   // failed now, and did not then
	Rettet     []Aendring `json:"rettet"`     // passed now, and failed then
	Andre      []Aendring `json:"andre"`      // changed in another way
	Nye        []string   `json:"nye"`        // cases that were not there then
	Forsvundet []string   `json:"forsvundet"` // and that are not there now
	AndetSaet  bool       `json:"andet_saet"` // the case set is another
}

// Aendring is one case whose outcome is another.
type Aendring struct {
	ID   string `json:"id"`
	Navn string `json:"navn"`
	Foer Status `json:"foer"`
	Nu   Status `json:"nu"`
}

// Tom reports whether everything is as it was.
func (f *Forskel) Tom() bool {
	return len(f.NyeFejl)+len(f.Rettet)+len(f.Andre)+len(f.Nye)+len(f.Forsvundet) == 0
}

// Sammenlign puts into the result how it differs from the one before. The error is one that is about another product, role or
// carrier.
func (r *Resultat) Sammenlign(foer *Resultat) error {
	if foer.Produkt != r.Produkt || foer.Omfang.Rolle != r.Omfang.Rolle || foer.Omfang.Carrier != r.Omfang.Carrier {
		return ugyldig("det forrige resultat er om %s som %s over %s, og dette om %s som %s over %s", foer.Produkt, foer.Omfang.Rolle, foer.Omfang.Carrier,
			r.Produkt, r.Omfang.Rolle, r.Omfang.Carrier).Med("giv det samme produkts forrige resultat med --forrige")
	}
	f := &Forskel{Version: foer.Version, Sluttet: foer.Sluttet, Dom: foer.Dom, AndetSaet: foer.Proevesaet != r.Proevesaet,
		NyeFejl: []Aendring{}, Rettet: []Aendring{}, Andre: []Aendring{}, Nye: []string{}, Forsvundet: []string{}}
	gamle := map[string]Status{}
	for i := range foer.Proever {
		gamle[foer.Proever[i].ID] = foer.Proever[i].Status
	}
	for i := range r.Proever {
		f.sammenlign(&r.Proever[i], gamle)
		delete(gamle, r.Proever[i].ID)
	}
	for id := range gamle {
		f.Forsvundet = append(f.Forsvundet, id)
	}
	slices.Sort(f.Forsvundet)
	r.Forskel = f
	return nil
}

func (f *Forskel) sammenlign(p *Proeveresultat, gamle map[string]Status) {
	foer, fandtes := gamle[p.ID]
	a := Aendring{ID: p.ID, Navn: p.Navn, Foer: foer, Nu: p.Status}
	switch {
	case !fandtes:
		f.Nye = append(f.Nye, p.ID)
	case foer == p.Status:
	case p.Status == Fejlet:
		f.NyeFejl = append(f.NyeFejl, a)
	case foer == Fejlet && p.Status == Bestaaet:
		f.Rettet = append(f.Rettet, a)
	default:
		f.Andre = append(f.Andre, a)
	}
}

// Tekst is the scope in words.
func (o *Omfang) Tekst() string {
	former := make([]string, len(o.Former))
	for i, f := range o.Former {
		former[i] = evnenavn(string(f))
	}
	ud := fmt.Sprintf("%s over %s på niveau %s; %s", o.Rolle, strings.ToUpper(string(o.Carrier)), o.Niveau, strings.Join(former, ", "))
	for _, mere := range []string{o.Adgang, o.Svar} {
		if mere != "" {
			ud += "; " + evnenavn(mere)
		}
	}
	if o.Kvitteringer {
		ud += "; " + evnenavn("kvitteringer")
	}
	return ud
}

// evnenavn is a word of the profile, or one that a case demands, as it is shown.
func evnenavn(navn string) string {
	vist, ok := map[string]string{
		string(Headers): "AMQP-headers", string(Binaer): "CloudEvent i headers", string(Struktureret): "CloudEvent i JSON", string(Kuvert): "Haendelsesbesked", string(ModtagBesked): "ModtagBesked",
		"cloudevent": "CloudEvent", "navne": "felter under deres navne", "metadatafelter": "felter uden for kuvert", "ingen": "ingen adgangskontrol", "noegle": "API-nøgle", "signatur": "underskrift",
		"ack": "kvitterer kun til køen", "standardretur": "StandardRetur", "kvittering": "svarer med kvitteringer", "svar": "svar på hver besked", "kvitteringer": "sender kvitteringer",
	}[navn]
	if !ok {
		return navn
	}
	return vist
}

// KraeverTekst is what the product would have to have.
func (u *UdenforOmfanget) KraeverTekst() string {
	var ud []string
	for _, k := range u.Kraever {
		ud = append(ud, evnenavn(k))
	}
	return strings.Join(ud, ", ")
}
