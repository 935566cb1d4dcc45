package snitflade

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/oio"
)

// Modtaget is one attempt of the product to hand a besked over, as it stood on the wire. It is read leniently: a fault in one
// field leaves the others readable, so that it is told as that fault and no other.
type Modtaget struct {
	Trin         int // the step in which its beskedID was first seen, from 1
	Tid          time.Time
	Svar         Svar // what the tool answered
	Form         Form
	Felter       map[string][]string // metadata by the field's name; related objekter as "relateret.<rolle>"
	Slags        map[string]string   // AMQP: the kind of each header's value
	Navne        []string            // names as they stood, of headers and attributes
	Indholdstype string
	Indhold      []byte
	Ulaeselig    string // why the form cannot be read; "" = it can
	Kuvert       *connector.Element
	indholdXML   *connector.Element  // the content, where it is an element of the envelope
	VedSiden     map[string][]string // AMQP: the headers beside an envelope
	DTD          bool                // the envelope had one; it has been read as if it had not

	Vedvarende  bool // AMQP: delivery mode 2
	SvarTil     string
	Korrelation string
	Noegle      string // AMQP: routing key

	Adresse string // HTTP: path and query
	Hoved   http.Header
	Krop    []byte
}

// en is the field's value; "" when it is not there.
func (m *Modtaget) en(felt string) string {
	if v := m.Felter[felt]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// roller are the names relateret.<rolle> that are there.
func (m *Modtaget) roller() (ud []string) {
	for _, navn := range slices.Sorted(maps.Keys(m.Felter)) {
		if strings.HasPrefix(navn, forledRelateret) {
			ud = append(ud, navn)
		}
	}
	return ud
}

// Before the role in the names of related objekter.
const (
	forledRelateret   = "relateret."
	forledRelateretOT = "relateretObjekttype."
)

// fraAMQP reads a delivery.
func fraAMQP(d amqp.Delivery) *Modtaget {
	m := &Modtaget{Tid: time.Now(), Form: Headers, Felter: map[string][]string{}, Slags: map[string]string{}, Indholdstype: d.ContentType, Indhold: d.Body, Krop: d.Body,
		Vedvarende: d.DeliveryMode == amqp.Persistent, SvarTil: d.ReplyTo, Korrelation: d.CorrelationId, Noegle: d.RoutingKey}
	for navn, v := range d.Headers {
		m.Navne = append(m.Navne, navn)
		m.Felter[navn], m.Slags[navn] = headervaerdi(v)
	}
	slices.Sort(m.Navne)
	if d.Headers["objektID"] == nil && strings.Contains(d.ContentType, "xml") {
		m.Form, m.VedSiden, m.Felter, m.Navne = Kuvert, m.Felter, map[string][]string{}, nil
		m.laesKuvert(d.Body)
	}
	return m
}

// headervaerdi is the values of a header, and which kind of value it is in AMQP.
func headervaerdi(v any) (vaerdier []string, slags string) {
	switch v := v.(type) {
	case nil:
		return nil, "intet"
	case string:
		return []string{v}, "tekst"
	case []any:
		slags = "liste"
		for _, x := range v {
			inderst, s := headervaerdi(x)
			if s != "tekst" {
				slags = "liste med " + s
			}
			vaerdier = append(vaerdier, inderst...)
		}
		return vaerdier, slags
	case []byte:
		return []string{string(v)}, "bytes"
	case time.Time:
		return []string{v.UTC().Format(time.RFC3339Nano)}, "timestamp"
	case bool:
		return []string{fmt.Sprint(v)}, "bool"
	}
	return []string{fmt.Sprint(v)}, "tal"
}

// fraHTTP reads a call.
func fraHTTP(r *http.Request, krop []byte) *Modtaget {
	m := &Modtaget{Tid: time.Now(), Felter: map[string][]string{}, Indholdstype: r.Header.Get("Content-Type"), Indhold: krop,
		Adresse: r.URL.RequestURI(), Hoved: r.Header, Krop: krop}
	switch {
	case r.Header.Get("ce-specversion") != "" || r.Header.Get("ce-id") != "":
		m.Form = Binaer
		m.laesBinaer(r.Header)
	case strings.Contains(m.Indholdstype, "xml"):
		m.Form = Kuvert
		m.laesKuvert(krop)
	default:
		m.Form = Struktureret
		m.laesStruktureret(krop)
	}
	return m
}

func (m *Modtaget) laesBinaer(h http.Header) {
	attr := map[string]string{}
	for navn, v := range h {
		if kort, ok := strings.CutPrefix(strings.ToLower(navn), "ce-"); ok {
			tekst := strings.Join(v, ",")
			if afkodet, err := url.PathUnescape(tekst); err == nil {
				tekst = afkodet
			}
			attr[kort] = tekst
		}
	}
	m.laesAttributter(attr)
}

func (m *Modtaget) laesStruktureret(krop []byte) {
	var raa map[string]json.RawMessage
	if err := json.Unmarshal(krop, &raa); err != nil {
		m.Ulaeselig = "kroppen er ikke et JSON-objekt"
		return
	}
	attr := map[string]string{}
	for navn, v := range raa {
		m.Navne = append(m.Navne, navn)
		var tekst string
		if navn != "data" && json.Unmarshal(v, &tekst) == nil {
			attr[navn] = tekst
		}
	}
	slices.Sort(m.Navne)
	m.Indholdstype, m.Indhold = attr["datacontenttype"], raa["data"]
	if b64, ok := attr["data_base64"]; ok {
		m.Indhold, _ = base64.StdEncoding.DecodeString(b64) // what is not base64 is no content
	}
	delete(attr, "data_base64")
	if len(m.Indhold) > 0 && m.Indholdstype == "" {
		m.Indholdstype = oio.TypeJSON // as CloudEvents says
	}
	m.laesAttributter(attr)
}

// laesAttributter gives CloudEvents attributes their fields' names.
func (m *Modtaget) laesAttributter(attr map[string]string) {
	if v, ok := attr["specversion"]; ok {
		m.Felter["specversion"] = []string{v}
	}
	for _, f := range mox.Beskedfelter() {
		v, ok := attr[oio.CloudEventAttribut(f.Navn)]
		switch {
		case !ok:
		case f.Flere:
			for x := range strings.SplitSeq(v, ",") {
				m.Felter[f.Navn] = append(m.Felter[f.Navn], afkodet(x))
			}
		case f.Navn == "kildesystem":
			if navn, ja := strings.CutPrefix(v, "urn:mox:system:"); ja {
				m.Felter[f.Navn] = []string{afkodet(navn)}
			}
		case f.Navn == "beskedtype":
			m.Felter[f.Navn] = []string{strings.TrimPrefix(afkodet(v), "dk.mox.")}
		default:
			m.Felter[f.Navn] = []string{afkodet(v)}
		}
	}
	if v := attr["relateret"]; v != "" {
		for x := range strings.SplitSeq(v, ",") {
			dele := append(strings.Split(x, ";"), "", "")
			m.relateret(afkodet(dele[0]), afkodet(dele[1]), afkodet(dele[2]))
		}
	}
}

func (m *Modtaget) relateret(rolle, id, objekttype string) {
	m.Felter[forledRelateret+rolle] = append(m.Felter[forledRelateret+rolle], id)
	m.Felter[forledRelateretOT+rolle] = append(m.Felter[forledRelateretOT+rolle], objekttype)
}

// afkodet is a percent-encoded value; itself where it is not one.
func afkodet(s string) string {
	if v, err := url.PathUnescape(s); err == nil {
		return v
	}
	return s
}

var doctype = regexp.MustCompile(`(?s)<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>`)

// laesKuvert reads a Haendelsesbesked, alone or in a ModtagBeskedInput.
func (m *Modtaget) laesKuvert(raa []byte) {
	m.Indhold = nil
	tekst := string(raa)
	uden := doctype.ReplaceAllString(tekst, "")
	m.DTD = uden != tekst
	rod, err := connector.ParseXML(uden)
	if err != nil {
		m.Ulaeselig = err.Error()
		return
	}
	if rod.Name == "ModtagBeskedInput" && len(rod.Kids) == 1 {
		m.Form, rod = ModtagBesked, rod.Kids[0]
	}
	if rod.Name != "Haendelsesbesked" {
		m.Ulaeselig = "rodelementet er " + rod.Name + ", ikke Haendelsesbesked"
		return
	}
	m.Kuvert = rod
	udvidelse := fundet(rod, "Beskedkuvert/Filtreringsdata/ObjektRegistrering/ObjektRegistreringLokalUdvidelse")
	for _, f := range mox.Beskedfelter() {
		v := bladtekst(fundet(rod, oio.Kuvertelement(f.Navn)))
		for _, u := range udvidelse {
			if egne := bladtekst(fundet(u, f.Navn)); len(egne) > 0 {
				v = egne // it holds in place of the element
			}
		}
		m.saetKuvertfelt(f.Navn, v)
	}
	for _, r := range fundet(rod, "Beskedkuvert/Filtreringsdata/RelateretObjekt") {
		m.relateret(foerste(r, "ObjektRolle", "rolle"), foerste(r, "ObjektId", ""), foerste(r, "ObjektType", "objekttype"))
	}
	m.laesBeskeddata(rod)
}

// saetKuvertfelt gives a field its values without what the envelope puts around them.
func (m *Modtaget) saetKuvertfelt(felt string, v []string) {
	var ud []string
	for _, x := range v {
		x = udenURN(x, felt)
		switch felt {
		case "livscykluskode":
			if x = udenURN(x, "handling"); !slices.Contains(mox.LivscyklusKoder(), mox.LivscyklusKode(x)) {
				continue // it is the handling
			}
		case "handling":
			if strings.HasPrefix(x, "urn:mox:livscykluskode:") {
				continue
			}
		case "opgaveemne":
			x = strings.TrimPrefix(x, "urn:oio:kle:")
		case "kildesystem":
			x = udenURN(x, "system")
		}
		ud = append(ud, x)
	}
	if len(ud) > 0 {
		m.Felter[felt] = ud
	}
}

func udenURN(v, navn string) string {
	if kort, ok := strings.CutPrefix(v, "urn:mox:"+navn+":"); ok {
		return afkodet(kort)
	}
	return v
}

func foerste(e *connector.Element, navn, urn string) string {
	v := bladtekst(fundet(e, navn))
	if len(v) == 0 {
		return ""
	}
	return udenURN(v[0], urn)
}

// fundet are the elements at a path.
func fundet(e *connector.Element, sti string) []*connector.Element {
	her := []*connector.Element{e}
	for navn := range strings.SplitSeq(sti, "/") {
		var naeste []*connector.Element
		for _, e := range her {
			for _, k := range e.Kids {
				if k.Name == navn {
					naeste = append(naeste, k)
				}
			}
		}
		her = naeste
	}
	return her
}

// bladtekst is the text of each element, or of the first inside it.
func bladtekst(l []*connector.Element) (ud []string) {
	for _, e := range l {
		for len(e.Kids) > 0 {
			e = e.Kids[0]
		}
		ud = append(ud, e.Text)
	}
	return ud
}

// laesBeskeddata finds the content of an envelope: the first element in Beskeddata, or the text of our own.
func (m *Modtaget) laesBeskeddata(rod *connector.Element) {
	m.Indholdstype = ""
	data := fundet(rod, "Beskeddata")
	if len(data) == 0 || len(data[0].Kids) == 0 {
		return
	}
	i := data[0].Kids[0]
	m.Indholdstype, m.Indhold = i.Attrs["indholdstype"], []byte(i.Text)
	switch {
	case i.Name != "indhold":
		m.Indholdstype, m.Indhold, m.indholdXML = oio.TypeXML, []byte("<"+i.Name+"/>"), i
	case i.Attrs["kodning"] == "base64":
		m.Indhold, _ = base64.StdEncoding.DecodeString(i.Text) // what is not base64 is no content
	}
}
