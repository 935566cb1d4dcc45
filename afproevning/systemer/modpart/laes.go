package modpart

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"
)

// fraHeaders reads a delivery: headers and content, or an envelope.
func fraHeaders(fejl string, d amqp.Delivery) *indkommet {
	b := &indkommet{felter: map[string][]string{}, slags: map[string]string{}, indholdstype: d.ContentType, indhold: d.Body, form: "headers", igen: d.Redelivered}
	for navn, v := range d.Headers {
		enkelt := navn == "procesID" || navn == "tilladtmodtager" || strings.HasPrefix(navn, "relateret")
		b.felter[navn], b.slags[navn] = headervaerdi(v)
		if enkelt && b.slags[navn] == "" {
			b.slags[navn] = "enkelt"
		}
	}
	if strings.Contains(d.ContentType, "xml") && d.Headers["objektID"] == nil {
		b.vedSiden = b.felter
		b.felter = map[string][]string{}
		b.fraKuvert(fejl, d.Body)
	}
	return b
}

// headervaerdi is a header's values as texts, and what it was where it was none.
func headervaerdi(v any) ([]string, string) {
	switch v := v.(type) {
	case string:
		return []string{v}, ""
	case []any:
		var ud []string
		for _, x := range v {
			t, _ := headervaerdi(x)
			ud = append(ud, t...)
		}
		return ud, "liste"
	case []byte:
		return []string{string(v)}, "bytes"
	case time.Time:
		return []string{rfc(v)}, "timestamp"
	case nil:
		return nil, ""
	}
	return []string{fmt.Sprint(v)}, "tal"
}

// fraKald reads a call. An error is a call of a kind that is not taken.
func fraKald(fejl string, r *http.Request, krop []byte) (*indkommet, bool) {
	type_ := r.Header.Get("Content-Type")
	b := &indkommet{felter: map[string][]string{}, indholdstype: type_, indhold: krop}
	switch {
	case r.Header.Get("ce-specversion") != "":
		b.form = "binaer"
		for navn, v := range r.Header {
			if kort, ja := strings.CutPrefix(strings.ToLower(navn), "ce-"); ja {
				b.attribut(kort, afkodet(strings.Join(v, ",")))
			}
		}
	case strings.HasPrefix(type_, "application/cloudevents+json"):
		b.form = "struktureret"
		b.fraStruktureret(krop)
	case strings.HasPrefix(type_, "application/xml"):
		b.fraKuvert(fejl, krop)
	default:
		return b, fejl == "tager_ukendt_content_type"
	}
	return b, true
}

func (b *indkommet) fraStruktureret(krop []byte) {
	var alt map[string]json.RawMessage
	if json.Unmarshal(krop, &alt) != nil || !utf8.Valid(krop) {
		b.fejl = "kroppen er ikke et CloudEvent"
		return
	}
	b.indhold, b.indholdstype = nil, ""
	for navn, v := range alt {
		var t string
		var raa []byte
		switch {
		case navn == "data":
			b.indhold = v
		case navn == "data_base64" && json.Unmarshal(v, &raa) == nil:
			b.indhold = raa
		case navn == "datacontenttype" && json.Unmarshal(v, &t) == nil:
			b.indholdstype = t
		case json.Unmarshal(v, &t) == nil:
			b.attribut(navn, t)
		}
	}
}

func afkodet(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

// attribut gives a CloudEvents attribute its field's name.
func (b *indkommet) attribut(navn, v string) {
	switch navn {
	case "specversion":
		return
	case "source":
		v = afkodet(strings.TrimPrefix(v, "urn:mox:system:"))
	case "type":
		v = strings.TrimPrefix(v, "dk.mox.")
	case "relateret":
		for x := range strings.SplitSeq(v, ",") {
			if dele := strings.Split(x, ";"); len(dele) == 3 {
				b.felter["relateret."+dele[0]] = append(b.felter["relateret."+dele[0]], dele[1])
			}
		}
		return
	case "procesid", "tilladtmodtager":
		b.felter[feltnavn(navn)] = strings.Split(v, ",")
		return
	}
	b.felter[feltnavn(navn)] = []string{v}
}

func feltnavn(attribut string) string {
	for _, f := range feltnavne() {
		if attributnavn(f) == attribut {
			return f
		}
	}
	return attribut
}

// fraKuvert reads a Haendelsesbesked: this product looks its values up by the names of the elements.
func (b *indkommet) fraKuvert(fejl string, raa []byte) {
	b.form, b.indhold, b.indholdstype = "kuvert", nil, ""
	if strings.Contains(string(raa), "<!DOCTYPE") && fejl != "tager_dtd" {
		b.fejl = "en DTD tages ikke"
		return
	}
	d := xml.NewDecoder(strings.NewReader(string(raa)))
	d.Strict = true
	d.Entity = map[string]string{"navn": "x"}
	var sti []string
	ider := map[string]int{}
	for {
		t, err := d.Token()
		if t == nil || err != nil {
			if len(sti) > 0 || len(b.felter) == 0 {
				b.fejl = "kuverten er ikke XML"
			}
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			sti = append(sti, t.Name.Local)
			if n := t.Name.Local; n == "UUIDIdentifikator" || n == "URNIdentifikator" {
				hvor := strings.Join(sti[:len(sti)-1], "/")
				if ider[hvor]++; ider[hvor] > 1 && !strings.HasSuffix(hvor, "TvaergaaendeProces") && !strings.Contains(hvor, "Relateret") && fejl != "tager_to_id" {
					b.fejl = "et id er både en UUID og en URN"
					return
				}
			}
			for _, a := range t.Attr {
				if t.Name.Local == "indhold" && a.Name.Local == "indholdstype" {
					b.indholdstype = a.Value
				}
			}
		case xml.EndElement:
			sti = sti[:len(sti)-1]
		case xml.CharData:
			b.kuvertvaerdi(sti, string(t))
		}
	}
}

// kuvertnavne are the elements that hold a field.
var kuvertnavne = map[string]string{"BeskedId": "beskedID", "BeskedVersion": "beskedversion", "Beskedtype": "beskedtype", "BeskedAnsvarligAktoer": "aktoer",
	"Registreringstidspunkt": "registreringstid", "ObjektAnsvarligMyndighed": "myndighed", "OpgaveEmne": "opgaveemne", "TvaergaaendeProces": "procesID",
	"GyldighedTil": "gyldigTil", "GyldighedFra": "gyldigFra", "Dannelsestidspunkt": "dannelsestidspunkt"}

func (b *indkommet) kuvertvaerdi(sti []string, v string) {
	if strings.TrimSpace(v) == "" || len(sti) < 2 {
		return
	}
	sidst, over := sti[len(sti)-1], sti[len(sti)-2]
	relateret := strings.Contains(strings.Join(sti, "/"), "RelateretObjekt")
	switch {
	case sidst == "indhold":
		b.indhold = append(b.indhold, v...)
	case over == "ObjektRegistreringLokalUdvidelse":
		b.felter[sidst] = []string{v}
	case relateret && over == "ObjektId":
		b.felter["relateret.primaerpart"] = append(b.felter["relateret.primaerpart"], v)
	case relateret:
	case over == "ObjektId":
		b.felter["objektID"] = []string{v}
	case over == "ObjektType":
		b.felter["objekttype"] = []string{strings.TrimPrefix(v, "urn:mox:objekttype:")}
	case over == "ObjektHandling":
		kode, ja := strings.CutPrefix(v, "urn:mox:livscykluskode:")
		b.felter[map[bool]string{true: "livscykluskode", false: "handling"}[ja]] = []string{strings.TrimPrefix(kode, "urn:mox:handling:")}
	case over == "Kildesystem":
	case kuvertnavne[sidst] != "":
		b.felter[kuvertnavne[sidst]] = []string{v}
	case kuvertnavne[over] != "":
		navn := kuvertnavne[over]
		v = afkodet(strings.TrimPrefix(strings.TrimPrefix(v, "urn:mox:"+navn+":"), "urn:oio:kle:"))
		b.felter[navn] = append(b.felter[navn], v)
	}
}
