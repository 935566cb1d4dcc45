package snitflade

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// pakke is a besked in its form, ready to be sent.
type pakke struct {
	headers      map[string]any // AMQP
	hoved        http.Header    // HTTP
	indholdstype string
	krop         []byte
}

// pak writes a besked in a form with the faults of s in it. The error is a form that cannot have that fault.
func pak(form Form, b *mox.Besked, s *Send) (p pakke, err error) {
	switch form {
	case Headers:
		p = pakke{headers: oio.Headers(b), indholdstype: b.Indholdstype, krop: b.Indhold}
		err = saetHeaders(p.headers, s)
	case Binaer:
		var hoveder map[string]string
		if hoveder, p.krop, err = oio.CloudEventHeaders(b); err == nil {
			saetAttributter(hoveder, "ce-", s.procentkodet())
			p.hoved, p.indholdstype = http.Header{}, hoveder["content-type"]
			for navn, v := range hoveder {
				p.hoved.Set(navn, v)
			}
		}
	case Struktureret:
		p.indholdstype = oio.TypeCloudEvent
		p.krop, err = struktureret(b, s)
	case Kuvert, ModtagBesked:
		p.indholdstype = oio.TypeXML + "; charset=utf-8"
		p.krop, err = kuvert(b, s)
		if len(s.Ekstra) > 0 {
			p.headers = map[string]any{}
			for navn, v := range s.Ekstra {
				p.headers[navn] = v
			}
		}
		if form == ModtagBesked && err == nil {
			p.krop = oio.Indpak(`<?xml version="1.0" encoding="UTF-8"?><ModtagBeskedInput xmlns="urn:oio:sts:1.0.0">`, p.krop, `</ModtagBeskedInput>`)
		}
	}
	return p, err
}

// procentkodet is s with its values as HTTP's binary form has them.
func (s *Send) procentkodet() *Send {
	ud := *s
	ud.Saet = maps.Clone(s.Saet)
	for felt, v := range ud.Saet {
		ud.Saet[felt] = url.PathEscape(v)
	}
	return &ud
}

func saetHeaders(h map[string]any, s *Send) error {
	for _, felt := range s.Uden {
		delete(h, felt)
	}
	for felt, v := range s.Saet {
		h[felt] = v
		if f, ok := mox.BeskedfeltAf(felt); ok && f.Flere {
			h[felt] = []any{v}
		}
	}
	for navn, v := range s.Ekstra {
		h[navn] = v
	}
	for felt, som := range s.Som {
		v, ok := headersom(h[felt], som)
		if !ok {
			return fmt.Errorf("headeren %s kan ikke sendes som %s", felt, som)
		}
		h[felt] = v
	}
	return nil
}

// headersom is a header's value as another kind.
func headersom(v any, som string) (any, bool) {
	if l, ok := v.([]any); ok && len(l) == 1 {
		return l[0], som == "enkelt"
	}
	tekst, ok := v.(string)
	if !ok {
		return nil, false
	}
	switch som {
	case "bytes":
		return []byte(tekst), true
	case "tal":
		n, err := strconv.ParseInt(tekst, 10, 64)
		return n, err == nil
	case "timestamp":
		t, err := time.Parse(time.RFC3339Nano, tekst)
		return t, err == nil
	}
	return nil, false
}

// saetAttributter changes CloudEvents attributes, which stand under their own names after foran.
func saetAttributter(attr map[string]string, foran string, s *Send) {
	for _, felt := range s.Uden {
		delete(attr, foran+oio.CloudEventAttribut(felt))
	}
	for felt, v := range s.Saet {
		if felt == "beskedtype" {
			v = "dk.mox." + v
		}
		if felt == "kildesystem" {
			v = "urn:mox:system:" + v
		}
		attr[foran+oio.CloudEventAttribut(felt)] = v
	}
	for navn, v := range s.Ekstra {
		attr[foran+strings.ToLower(navn)] = v
	}
}

func struktureret(b *mox.Besked, s *Send) ([]byte, error) {
	raa, err := oio.MarshalCloudEvent(b)
	if err != nil {
		return nil, err
	}
	var alt map[string]json.RawMessage
	if err := json.Unmarshal(raa, &alt); err != nil {
		return nil, err
	}
	attr := map[string]string{}
	for navn, v := range alt {
		var tekst string
		if navn != "data" && json.Unmarshal(v, &tekst) == nil {
			attr[navn] = tekst
			delete(alt, navn)
		}
	}
	saetAttributter(attr, "", s)
	for navn, v := range attr {
		if alt[navn], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(alt)
}

// kuvert writes an envelope. A value in order stands in it as in any other; a faulty one, and what is left out, is changed in
// the text.
func kuvert(b *mox.Besked, s *Send) ([]byte, error) {
	med := *b
	daarlige := map[string]string{}
	for felt, v := range s.Saet {
		if f, ok := mox.BeskedfeltAf(felt); !ok || f.Saet(&med, []string{v}) != nil {
			daarlige[felt] = v
		}
	}
	raa, err := oio.MarshalKuvert(&med, oio.Koder{})
	if err != nil {
		return nil, err
	}
	tekst := string(raa)
	for _, felt := range s.Uden {
		tekst = feltelement(felt).ReplaceAllString(tekst, "")
	}
	for felt, v := range daarlige {
		gammelt := feltelement(felt).FindString(tekst)
		if gammelt == "" {
			return nil, fmt.Errorf("kuverten har ikke %s", felt)
		}
		tekst = strings.Replace(tekst, gammelt, vaerdiIElement.ReplaceAllLiteralString(gammelt, ">"+v+"<"), 1)
	}
	for fra, til := range s.Erstat {
		if !strings.Contains(tekst, fra) {
			return nil, fmt.Errorf("kuverten har ikke %q", fra)
		}
		tekst = strings.Replace(tekst, fra, til, 1)
	}
	return []byte(tekst), nil
}

// feltelement finds the elements of an envelope that hold a field.
func feltelement(felt string) *regexp.Regexp {
	navn := path.Base(oio.Kuvertelement(felt))
	return regexp.MustCompile(`(?s)<besked:` + navn + `>.*?</besked:` + navn + `>|<mox:` + felt + `>.*?</mox:` + felt + `>`)
}

var vaerdiIElement = regexp.MustCompile(`>[^<>]+<`)
