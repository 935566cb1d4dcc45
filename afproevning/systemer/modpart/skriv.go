package modpart

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// headers is the besked's metadata as AMQP headers.
func (b *besked) headers(fejl string) amqp.Table {
	h := amqp.Table{}
	for navn, v := range b.felter {
		h[navn] = v
	}
	for rolle, v := range b.roller {
		h["relateret."+rolle] = liste(v[0])
		h["relateretObjekttype."+rolle] = liste(v[1])
		if fejl == "liste_som_tekst" {
			h["relateret."+rolle] = v[0][0]
		}
	}
	return h
}

func liste(v []string) []any {
	ud := make([]any, len(v))
	for i, x := range v {
		ud[i] = x
	}
	return ud
}

// attributnavne are what CloudEvents calls the fields it has a name of its own for.
func attributnavn(felt string) string {
	switch felt {
	case "beskedID":
		return "id"
	case "beskedtype":
		return "type"
	case "kildesystem":
		return "source"
	case "objektID":
		return "subject"
	case "registreringstid":
		return "time"
	case "Tilstand":
		return felt // the fault
	}
	return strings.ToLower(felt)
}

func tekst(v any) string {
	switch v := v.(type) {
	case time.Time:
		return rfc(v)
	case []any:
		var ud []string
		for _, x := range v {
			ud = append(ud, tekst(x))
		}
		return strings.Join(ud, ",")
	}
	return fmt.Sprint(v)
}

// attributter is the besked's metadata as CloudEvents attributes.
func (b *besked) attributter(fejl string) map[string]string {
	ud := map[string]string{"specversion": "1.0"}
	if fejl == "specversion_03" {
		ud["specversion"] = "0.3"
	}
	for felt, v := range b.felter {
		t := tekst(v)
		switch felt {
		case "beskedtype":
			t = "dk.mox." + t
		case "kildesystem":
			t = "urn:mox:system:" + procent(t, `,;%"`)
		}
		ud[attributnavn(felt)] = t
	}
	var relateret []string
	for rolle, v := range b.roller {
		for i, id := range v[0] {
			relateret = append(relateret, rolle+";"+id+";"+v[1][min(i, len(v[1])-1)])
		}
	}
	if len(relateret) > 0 {
		ud["relateret"] = strings.Join(relateret, ",")
	}
	return ud
}

// procent percent-encodes what is not printable ASCII, space, and the signs.
func procent(s, tegn string) string {
	var ud strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(tegn, c) >= 0 {
			fmt.Fprintf(&ud, "%%%02X", c)
			continue
		}
		ud.WriteByte(c)
	}
	return ud.String()
}

// struktureret is the besked as one JSON document.
func (b *besked) struktureret(fejl string) []byte {
	var ud bytes.Buffer
	ud.WriteByte('{')
	attr := b.attributter(fejl)
	for _, navn := range slices.Sorted(maps.Keys(attr)) {
		fmt.Fprintf(&ud, "%q:%s,", navn, citat(attr[navn]))
	}
	if b.indholdstype != "" {
		fmt.Fprintf(&ud, `"datacontenttype":%s,`, citat(b.indholdstype))
	}
	switch {
	case len(b.indhold) == 0:
		ud.Truncate(ud.Len() - 1)
	case json.Valid(b.indhold):
		fmt.Fprintf(&ud, `"data":%s`, b.indhold)
	default:
		fmt.Fprintf(&ud, `"data_base64":%q`, base64.StdEncoding.EncodeToString(b.indhold))
	}
	ud.WriteByte('}')
	return ud.Bytes()
}

// citat is a JSON text that keeps bytes that are not UTF-8: a product with the wrong character set sends those.
func citat(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// kuvert is the besked as a Haendelsesbesked.
func (b *besked) kuvert() []byte {
	id := func(v string) string {
		if strings.HasPrefix(v, "urn:") {
			return "<sd:URNIdentifikator>" + v + "</sd:URNIdentifikator>"
		}
		return "<sd:UUIDIdentifikator>" + v + "</sd:UUIDIdentifikator>"
	}
	felt := func(navn string) string { return xmltekst(tekst(b.felter[navn])) }
	urn := func(navn, liste string) string {
		return "urn:mox:" + liste + ":" + procent(tekst(b.felter[navn]), `%<&`)
	}
	tid := func(navn string) string { return "<sd:TidsstempelDatoTid>" + felt(navn) + "</sd:TidsstempelDatoTid>" }
	objektID := id(felt("objektID"))
	if b.kuvertfejl == "kuvert_to_id" {
		objektID += "<sd:URNIdentifikator>urn:byggesag:sag:1</sd:URNIdentifikator>"
	}
	var relateret strings.Builder
	for rolle, v := range b.roller {
		fmt.Fprintf(&relateret, "<RelateretObjekt><ObjektId>%s</ObjektId><ObjektType>%s</ObjektType><ObjektRolle>%s</ObjektRolle></RelateretObjekt>",
			id(v[0][0]), id("urn:mox:objekttype:"+v[1][0]), id("urn:mox:rolle:"+rolle))
	}
	leverance := "<Leveranceinformation><Dannelsestidspunkt>" + tid("dannelsestidspunkt") + "</Dannelsestidspunkt></Leveranceinformation>"
	if b.kuvertfejl == "kuvert_to_leveranceinformation" {
		leverance += leverance
	}
	data := ""
	if len(b.indhold) > 0 {
		data = `<Beskeddata><mox:indhold indholdstype="application/json">` + xmltekst(string(b.indhold)) + "</mox:indhold></Beskeddata>"
	}
	ud := `<Haendelsesbesked xmlns="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:mox="urn:mox:besked:1.0">` +
		"<BeskedId>" + id(felt("beskedID")) + "</BeskedId><BeskedVersion>" + felt("beskedversion") + "</BeskedVersion><Beskedkuvert><Filtreringsdata>" +
		"<Beskedtype>" + id(urn("beskedtype", "beskedtype")) + "</Beskedtype><BeskedAnsvarligAktoer>" + id(felt("aktoer")) + "</BeskedAnsvarligAktoer>" + relateret.String() +
		"<ObjektRegistrering><ObjektRegistreringId>" + id(urn("registreringID", "registreringID")) + "</ObjektRegistreringId><Registreringstidspunkt>" + tid("registreringstid") + "</Registreringstidspunkt>" +
		"<ObjektAnsvarligMyndighed>" + id(felt("myndighed")) + "</ObjektAnsvarligMyndighed><ObjektId>" + objektID + "</ObjektId><ObjektType>" + id(urn("objekttype", "objekttype")) + "</ObjektType>" +
		"<ObjektHandling>" + id(urn("livscykluskode", "livscykluskode")) + "</ObjektHandling><OpgaveEmne>" + id("urn:oio:kle:"+felt("opgaveemne")) + "</OpgaveEmne>" +
		"<ObjektRegistreringLokalUdvidelse><mox:bruger>" + felt("bruger") + "</mox:bruger><mox:kildesystem>" + felt("kildesystem") + "</mox:kildesystem>" + b.flereFelter() +
		"</ObjektRegistreringLokalUdvidelse></ObjektRegistrering></Filtreringsdata>" + leverance + "</Beskedkuvert>" + data + "</Haendelsesbesked>"
	switch b.kuvertfejl {
	case "kuvert_dtd":
		ud = `<!DOCTYPE Haendelsesbesked [<!ENTITY a "a">]>` + ud
	case "kuvert_ikke_xml":
		ud = strings.TrimSuffix(ud, "</Haendelsesbesked>")
	}
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + ud)
}

// flereFelter are those of the besked's fields that the envelope has no element for, or that this product puts there.
func (b *besked) flereFelter() string {
	var ud strings.Builder
	for _, navn := range []string{"foelsomhed", "objektreference", "gyldigFra", "gyldigTil", "handling", "foraarsagetAf"} {
		if v, ok := b.felter[navn]; ok {
			fmt.Fprintf(&ud, "<mox:%s>%s</mox:%s>", navn, xmltekst(tekst(v)), navn)
		}
	}
	return ud.String()
}

func xmltekst(s string) string {
	var ud bytes.Buffer
	_ = xml.EscapeText(&ud, []byte(s)) // a buffer takes all
	return ud.String()
}
