package mox

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Orden says what an abonnement's leverancer wait for.
type Orden string

// The two orders.
const (
	OrdenObjekt Orden = "objekt" // one objekt's beskeder in the order MOX accepted them; a held one holds the later ones
	OrdenIngen  Orden = "ingen"
)

// Carrier is how an abonnement's leverancer reach the receiver.
type Carrier string

// The carriers.
const (
	CarrierAgent Carrier = "agent" // a sink of an agent; made from the agent's file
	CarrierPull  Carrier = "pull"  // the receiver asks over HTTP
	CarrierPush  Carrier = "push"  // MOX calls the receiver over HTTP
	CarrierAMQP  Carrier = "amqp"  // a queue at the broker

	CarrierKOMBIT Carrier = "kombit" // the national Beskedfordeler, which carries it on
)

// KOMBIT is the name of the national Beskedfordeler as a system: the sender of what comes from it, and the only receiver of
// [CarrierKOMBIT]. So nothing that came from there goes back.
const KOMBIT = "KOMBIT"

// Abonnement says who wants which beskeder, and how they are delivered.
type Abonnement struct {
	ID       AbonnementID  `json:"id"`
	System   string        `json:"system"` // the receiving system's name
	Carrier  Carrier       `json:"carrier"`
	Filter   Filter        `json:"filter"`
	Orden    Orden         `json:"orden"`
	Plan     Plan          `json:"plan"`
	Gentages bool          `json:"gentages"`             // a repeat is harmless at the receiver; false = an unknown outcome becomes Uvis
	Ro       time.Duration `json:"ro,omitempty"`         // how long the receiver may still be working on a call whose outcome is unknown
	Overhal  bool          `json:"overhal,omitempty"`    // a newer full registrering takes the place of a parked older one of its objekt
	Modtager string        `json:"modtager,omitempty"`   // the receiving authority's CVR URN, for tilladtmodtager
	Kraeves  bool          `json:"kvittering,omitempty"` // amqp: laid in the queue is not enough; a Kvittering must name the besked
	Frist    time.Duration `json:"frist,omitempty"`      // with Kraeves: how long the Kvittering may take; 0 = without end
	Push     *Push         `json:"push,omitempty"`       // for CarrierPush
}

// Push is where and in which form an abonnement is pushed.
type Push struct {
	URL  string   `json:"url"`
	Form PushForm `json:"form"`
}

// PushForm is the form of a besked in a push call.
type PushForm string

// The forms.
const (
	FormCloudEvent   PushForm = "cloudevent"   // binary mode: metadata as headers, the content as body
	FormStruktureret PushForm = "struktureret" // structured mode: one JSON document
	FormModtagBesked PushForm = "modtagbesked" // ModtagBeskedInput with a Haendelsesbesked. spec: mox 35
)

// abonnementsnavn is what an abonnement may be called: it becomes part of a queue's name and of a URL.
var abonnementsnavn = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

// Limits on an abonnement's times.
const (
	maksForsoeg = 1000
	maksVent    = 31 * 24 * time.Hour
)

// MedStandard fills in what may be left out: order per objekt, the standard plan, and for push binary CloudEvents. What a
// broker or an HTTP endpoint gets twice carries the same beskedID twice, and the receiver must know it again: only an
// agent's sink can say otherwise.
func (a Abonnement) MedStandard() Abonnement {
	a.Orden = cmp.Or(a.Orden, OrdenObjekt)
	if a.Plan == (Plan{}) {
		a.Plan = StandardPlan()
	}
	if a.Carrier != CarrierAgent {
		a.Gentages = true
	}
	if a.Push != nil && a.Push.Form == "" {
		p := *a.Push
		p.Form = FormCloudEvent
		a.Push = &p
	}
	return a
}

// Valider checks an abonnement that somebody asks for. The error is an [*Error] with [KodeUgyldig] and a Feltfejl for each
// thing wrong. Whether the push URL may be called is for the carrier.
func (a *Abonnement) Valider() error {
	var fejl []Feltfejl
	kraev := func(ok bool, sti, regel, tekst string) {
		if !ok {
			fejl = append(fejl, Feltfejl{Sti: sti, Regel: regel, Tekst: tekst})
		}
	}
	kraev(abonnementsnavn.MatchString(string(a.ID)), "id", "navn", "skal være 1-100 små bogstaver a-z, tal, '.', '_' eller '-', og begynde med bogstav eller tal")
	kraev(a.System != "", "system", "kraevet", "det modtagende systems navn mangler")
	kraev(slices.Contains([]Carrier{CarrierPull, CarrierPush, CarrierAMQP, CarrierKOMBIT}, a.Carrier), "carrier", "kodeliste", "er ikke pull, push, amqp eller kombit")
	kraev((a.Carrier == CarrierKOMBIT) == (a.System == KOMBIT), "system", "carrier", "skal være "+KOMBIT+" for kombit, og kun for kombit")
	kraev(a.Orden == OrdenObjekt || a.Orden == OrdenIngen, "orden", "kodeliste", "er ikke objekt eller ingen")
	kraev(!a.Overhal || a.Orden == OrdenObjekt, "overhal", "orden", "hører til orden objekt")
	kraev(a.Plan.Forsoeg >= 1 && a.Plan.Forsoeg <= maksForsoeg, "plan.forsoeg", "interval", fmt.Sprintf("skal være fra 1 til %d", maksForsoeg))
	kraev(a.Plan.Foerste > 0 && a.Plan.Foerste <= a.Plan.Hoejst && a.Plan.Hoejst <= maksVent, "plan", "interval", "foerste skal være over 0 og højst som hoejst, som er højst 31 døgn")
	kraev(a.Modtager == "" || cvr(a.Modtager) != strings.ToLower(a.Modtager), "modtager", "urn", "er ikke en CVR-URN: urn:oio:cvr-nr:…")
	kraev(a.Carrier == CarrierAMQP || !a.Kraeves, "kvittering", "carrier", "gælder kun amqp: de andre svarer selv med udfaldet")
	kraev(a.Frist >= 0 && a.Frist <= maksVent && (a.Kraeves || a.Frist == 0), "frist", "interval", "er højst 31 døgn, og kun for den, der kræver kvittering")
	a.validerPush(kraev)
	if len(fejl) == 0 {
		return nil
	}
	return &Error{Kode: KodeUgyldig, Op: "abonnement.valider", Tekst: "abonnementet kan ikke oprettes", Felter: fejl, Raad: "ret det, og prøv igen"}
}

func (a *Abonnement) validerPush(kraev func(ok bool, sti, regel, tekst string)) {
	if a.Carrier != CarrierPush {
		kraev(a.Push == nil, "push", "carrier", "hører kun til push")
		return
	}
	if a.Push == nil {
		kraev(false, "push.url", "kraevet", "mangler")
		return
	}
	u, err := url.Parse(a.Push.URL)
	kraev(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == "", "push.url", "url",
		"er ikke en http(s)-adresse uden brugernavn")
	kraev(slices.Contains([]PushForm{FormCloudEvent, FormStruktureret, FormModtagBesked}, a.Push.Form), "push.form", "kodeliste", "er ikke cloudevent, struktureret eller modtagbesked")
}

// Plan is how often and when an unfinished leverance is tried again.
type Plan struct {
	Forsoeg int           `json:"forsoeg"` // attempts before a person must decide
	Foerste time.Duration `json:"foerste"` // wait after the first failure; doubled each time
	Hoejst  time.Duration `json:"hoejst"`
}

// StandardPlan is used where an abonnement states none: about two days of trying.
func StandardPlan() Plan { return Plan{Forsoeg: 30, Foerste: time.Second, Hoejst: 3 * time.Hour} }

// Efter is how long to wait after failed attempt number nr (from 1). jitter in [0,1) spreads receivers' retries over the
// last quarter of the wait. spec: mox 42
func (p Plan) Efter(nr int, jitter float64) time.Duration {
	d := min(p.Foerste, p.Hoejst)
	for i := 1; i < nr && d > 0 && d < p.Hoejst; i++ {
		d += min(d, p.Hoejst-d) // doubled, and never beyond what the type can hold
	}
	return d - time.Duration(float64(d)*0.25*jitter)
}
