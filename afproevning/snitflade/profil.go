package snitflade

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
)

// Form is how a besked is written on the wire.
type Form string

// The forms.
const (
	Headers      Form = "headers"      // AMQP: metadata as application headers
	Binaer       Form = "binaer"       // HTTP: a CloudEvent with metadata as headers
	Struktureret Form = "struktureret" // HTTP: a CloudEvent as one JSON document
	Kuvert       Form = "kuvert"       // a Haendelsesbesked in XML
	ModtagBesked Form = "modtagbesked" // HTTP: a Haendelsesbesked in KOMBIT's ModtagBeskedInput
)

// Profil says which product is tested, how it is reached, and how it is made to do something. Addresses and secrets may begin with
// $NAVN, which is read from the environment.
type Profil struct {
	Produkt     string  `yaml:"produkt"`
	Version     string  `yaml:"version"`
	Leverandoer string  `yaml:"leverandoer"`
	Rolle       Rolle   `yaml:"rolle"`
	Carrier     Carrier `yaml:"carrier"`
	System      string  `yaml:"system"` // the name of the system that sends: the product as afsender, the tool towards a modtager
	Former      []Form  `yaml:"former"` // what it sends, or can receive; the first is the one that most cases use
	Adgang      string  `yaml:"adgang"` // ingen, noegle or signatur
	Svar        string  `yaml:"svar"`   // amqp: ack, standardretur or kvittering
	Frist       string  `yaml:"frist"`  // how long the product may take over something
	Ro          string  `yaml:"ro"`     // how long nothing must come, where nothing may

	Forbindelse  Forbindelse       `yaml:"amqp"`
	Kald         Kald              `yaml:"http"`
	Kvitteringer *Vej              `yaml:"kvitteringer"` // where a modtager sends its Kvitteringer
	Stimulus     map[string]Handl  `yaml:"stimulus"`
	Effekt       *Handl            `yaml:"effekt"`
	Undtaget     map[string]string `yaml:"undtaget"` // cases that are not to be tried, and why

	dir       string // of the profile: files and commands are relative to it
	frist, ro time.Duration
}

// Vej is a place that beskeder come to.
type Vej struct {
	Exchange string `yaml:"exchange"` // a queue of our own is bound to it
	Noegle   string `yaml:"noegle"`   // with this routing key
	Koe      string `yaml:"koe"`      // or a queue that is there
	Lyt      string `yaml:"lyt"`      // or, over HTTP, the address the tool listens at
}

// Forbindelse is how an AMQP product is reached.
type Forbindelse struct {
	Maegler string `yaml:"maegler"` // the broker
	Lyt     string `yaml:"lyt"`     // where the product is to connect in place of the broker; empty = it connects to the broker itself
	Vej     `yaml:",inline"`
}

// Kald is how an HTTP product is reached.
type Kald struct {
	Lyt         string `yaml:"lyt"`         // afsender: where the tool listens
	URL         string `yaml:"url"`         // modtager: where the product does
	Noegle      string `yaml:"noegle"`      // the key of the Authorization header
	Hemmelighed string `yaml:"hemmelighed"` // whsec_…
	CA          string `yaml:"ca"`          // PEM file with the product's issuer; empty = the machine's own
}

// Handl is how a product is made to do something or asked about something: a command or a call.
type Handl struct {
	Kommando []string          `yaml:"kommando"`
	URL      string            `yaml:"url"`
	Metode   string            `yaml:"metode"`
	Hoveder  map[string]string `yaml:"hoveder"`
	Krop     string            `yaml:"krop"`
}

// stimuli are what a product may be asked to do, with what a person is told.
func stimuli(r Rolle) []string {
	ud := []string{}
	for navn := range stimulustekster(r) {
		ud = append(ud, navn)
	}
	slices.Sort(ud)
	return ud
}

// Stimulustekster is what each stimulus of the role asks for, in words for a person.
func Stimulustekster(r Rolle) map[string]string { return stimulustekster(r) }

func stimulustekster(r Rolle) map[string]string {
	if r == Modtager {
		return map[string]string{
			"stop":  "Stop produktet, så det ikke modtager.",
			"start": "Start produktet igen med de data, det havde.",
		}
	}
	return map[string]string{
		"opret":           "Opret en ny sag med KLE-emnet 02.34.02, en ejer (CVR-nummer), brugeren Søren Ærø og en titel med æ, ø og å.",
		"ret":             "Ret titlen på sagen {{objektID}}.",
		"ret_to_gange":    "Ret titlen på sagen {{objektID}} to gange lige efter hinanden.",
		"passiver":        "Passivér sagen {{objektID}}.",
		"slet":            "Slet sagen {{objektID}}.",
		"gem_uaendret":    "Åbn sagen {{objektID}}, og gem den uden at ændre noget.",
		"opret_med_part":  "Opret en sag, hvis primære part er borgeren med CPR-nummer {{cpr}} (et nummer, der ikke kan findes).",
		"opret_foelsom":   "Opret en sag med følsomme personoplysninger.",
		"opret_dokument":  "Opret et dokument med en fil, hvis indhold er teksten {{kendetegn}}.",
		"opret_stor":      "Opret en sag, der er over 1 MiB, når hele registreringen skrives.",
		"opret_mange":     "Opret 20 sager.",
		"opret_med_frist": "Opret en sag, hvis besked kun gælder i en periode (gyldigFra og gyldigTil).",
		"genstart":        "Stop produktet brat, og start det igen med de data, det havde.",
	}
}

// evner is what a case may demand that the profile says of the product.
func evner() []string {
	return []string{string(Headers), string(Binaer), string(Struktureret), string(Kuvert), "cloudevent", "navne", "metadatafelter", "noegle", "signatur", "standardretur", "svar", "kvitteringer"}
}

// har reports whether the profile says the product can do that.
func (p *Profil) har(evne string) bool {
	switch evne {
	case "noegle", "signatur":
		return p.Adgang == evne
	case "standardretur":
		return p.Svar == evne
	case "svar": // it says what it makes of a besked, and does not only take it off its queue
		return p.Carrier == HTTP || p.Svar == "standardretur"
	case "metadatafelter": // a form that may hold any field, with any text
		return p.har(string(Headers)) || p.har("cloudevent")
	case "cloudevent":
		return p.har(string(Binaer)) || p.har(string(Struktureret))
	case "navne": // a form in which the case of a name means something
		return p.har(string(Headers)) || p.har(string(Struktureret))
	case "kvitteringer":
		return p.Kvitteringer != nil
	case string(Kuvert):
		return slices.Contains(p.Former, Kuvert) || slices.Contains(p.Former, ModtagBesked)
	}
	return slices.Contains(p.Former, Form(evne))
}

// LaesProfil reads a profile. The error is an [*mox.Error] with [mox.KodeUgyldig] that names the file, and the line or the key.
func LaesProfil(fil string) (*Profil, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, ugyldig("profilen %s kan ikke læses", fil).Med("skriv en profil; docs/snitfladetest.md har en, der kan bruges som begyndelse")
	}
	p := &Profil{dir: filepath.Dir(fil)}
	if err := yaml.UnmarshalWithOptions(b, p, yaml.Strict()); err != nil {
		return nil, ugyldig("%s: %s", fil, yaml.FormatError(err, false, true)).Med("ret filen")
	}
	if err := p.kontroller(os.LookupEnv); err != nil {
		return nil, ugyldig("%s: %v", fil, err).Med("ret filen; docs/snitfladetest.md siger, hvad der kan stå")
	}
	return p, nil
}

func ugyldig(format string, a ...any) *mox.Error {
	return mox.E("snitfladetest", mox.KodeUgyldig, format, a...)
}

// kontroller fills in what was left out and checks the rest.
func (p *Profil) kontroller(miljoe func(string) (string, bool)) (err error) {
	p.Former = ellersFormer(p)
	p.Adgang, p.Svar = cmp.Or(p.Adgang, "ingen"), cmp.Or(p.Svar, "ack")
	if p.frist, err = varighed("frist", cmp.Or(p.Frist, "10s")); err != nil {
		return err
	}
	if p.ro, err = varighed("ro", cmp.Or(p.Ro, "1s")); err != nil {
		return err
	}
	if err := p.fraMiljoe(miljoe); err != nil {
		return err
	}
	for _, f := range []func() error{p.hoveddel, p.vejen, p.handlinger} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func ellersFormer(p *Profil) []Form {
	switch {
	case len(p.Former) > 0:
		return p.Former
	case p.Carrier == HTTP:
		return []Form{Binaer, Struktureret}
	}
	return []Form{Headers}
}

func varighed(navn, v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > time.Hour {
		return 0, fmt.Errorf("%s: %q er ikke en tid som 10s, højst en time", navn, v)
	}
	return d, nil
}

// fraMiljoe reads addresses and secrets from the environment where the profile names a variable.
func (p *Profil) fraMiljoe(miljoe func(string) (string, bool)) (err error) {
	felter := map[string]*string{"amqp.maegler": &p.Forbindelse.Maegler, "amqp.lyt": &p.Forbindelse.Lyt, "http.url": &p.Kald.URL, "http.lyt": &p.Kald.Lyt,
		"http.noegle": &p.Kald.Noegle, "http.hemmelighed": &p.Kald.Hemmelighed}
	if p.Effekt != nil {
		felter["effekt.url"] = &p.Effekt.URL
	}
	for navn, h := range p.Stimulus {
		if h.URL, err = udfyldt("stimulus."+navn+".url", h.URL, miljoe); err != nil {
			return err
		}
		p.Stimulus[navn] = h
	}
	for navn, v := range felter {
		if *v, err = udfyldt(navn, *v, miljoe); err != nil {
			return err
		}
	}
	return nil
}

var miljoevariabel = regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*`)

// udfyldt puts the value of a variable in place of $NAVN at the beginning.
func udfyldt(navn, v string, miljoe func(string) (string, bool)) (string, error) {
	variabel := miljoevariabel.FindString(v)
	if variabel == "" {
		return v, nil
	}
	vaerdi, ok := miljoe(variabel[1:])
	if !ok || vaerdi == "" {
		return "", fmt.Errorf("%s: miljøvariablen %s er ikke sat", navn, variabel[1:])
	}
	return vaerdi + v[len(variabel):], nil
}

// hoveddel checks who is tested, and as what.
func (p *Profil) hoveddel() error {
	tilladt := map[Carrier][]Form{AMQP: {Headers, Kuvert}, HTTP: {Binaer, Struktureret, Kuvert, ModtagBesked}}[p.Carrier]
	switch {
	case p.Produkt == "" || p.Version == "" || p.Leverandoer == "" || p.System == "":
		return fmt.Errorf("produkt, version, leverandoer og system skal være der")
	case p.Rolle != Afsender && p.Rolle != Modtager:
		return fmt.Errorf("rolle er afsender eller modtager, ikke %q", p.Rolle)
	case tilladt == nil:
		return fmt.Errorf("carrier er amqp eller http, ikke %q", p.Carrier)
	case !slices.Contains([]string{"ingen", "noegle", "signatur"}, p.Adgang):
		return fmt.Errorf("adgang er ingen, noegle eller signatur, ikke %q", p.Adgang)
	case !slices.Contains([]string{"ack", "standardretur", "kvittering"}, p.Svar):
		return fmt.Errorf("svar er ack, standardretur eller kvittering, ikke %q", p.Svar)
	case p.Svar == "kvittering" && p.Kvitteringer == nil:
		return fmt.Errorf("svar: kvittering kræver, at kvitteringer siger, hvor de kommer")
	}
	for _, f := range p.Former {
		if !slices.Contains(tilladt, f) {
			return fmt.Errorf("former: %q bruges ikke over %s; brug %v", f, p.Carrier, tilladt)
		}
	}
	for id, hvorfor := range p.Undtaget {
		if strings.TrimSpace(hvorfor) == "" {
			return fmt.Errorf("undtaget.%s: skriv hvorfor", id)
		}
	}
	return nil
}

// vejen checks how the product is reached.
func (p *Profil) vejen() error {
	f, k := &p.Forbindelse, &p.Kald
	switch {
	case p.Carrier == AMQP && f.Maegler == "":
		return fmt.Errorf("amqp.maegler skal være der: en RabbitMQ til prøver, amqp://…")
	case p.Carrier == AMQP && (f.Exchange == "") == (f.Koe == ""):
		return fmt.Errorf("amqp: skriv enten exchange eller koe")
	case p.Carrier == HTTP && p.Rolle == Afsender && k.Lyt == "":
		return fmt.Errorf("http.lyt skal være der: adressen, som produktet sender til, fx 127.0.0.1:9080")
	case p.Carrier == HTTP && p.Rolle == Modtager && !erHTTP(k.URL):
		return fmt.Errorf("http.url skal være der: adressen, hvor produktet modtager")
	case p.Adgang == "signatur" && k.Hemmelighed == "":
		return fmt.Errorf("http.hemmelighed skal være der, når adgang er signatur")
	case p.Adgang == "noegle" && k.Noegle == "":
		return fmt.Errorf("http.noegle skal være der, når adgang er noegle")
	case p.Kvitteringer != nil && p.Rolle == Afsender:
		return fmt.Errorf("kvitteringer er for en modtager")
	}
	return nil
}

func erHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// handlinger checks what the product can be made to do.
func (p *Profil) handlinger() error {
	alle := map[string]*Handl{}
	for navn, h := range p.Stimulus {
		if !slices.Contains(stimuli(p.Rolle), navn) {
			return fmt.Errorf("stimulus.%s kendes ikke; brug %s", navn, strings.Join(stimuli(p.Rolle), ", "))
		}
		alle["stimulus."+navn] = &h
	}
	if p.Effekt != nil {
		alle["effekt"] = p.Effekt
	}
	for navn, h := range alle {
		if (len(h.Kommando) == 0) == (h.URL == "") || h.URL != "" && !erHTTP(h.URL) {
			return fmt.Errorf("%s: skriv enten kommando eller url (http:// eller https://)", navn)
		}
	}
	return nil
}
