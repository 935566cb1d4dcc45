package snitflade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moxkit/mox/connector"
)

// blad is one value inside a besked's content, with the names above it in lower case: "registrering.attributter.titel". Lists
// have no numbers in it.
type blad struct{ sti, vaerdi string }

// blade are the values of the content, whether it is JSON or XML. An error is content that is not what its type says.
func (m *Modtaget) blade() ([]blad, error) {
	if m.indholdXML != nil {
		return xmlblade(m.indholdXML, strings.ToLower(m.indholdXML.Name)), nil
	}
	switch {
	case strings.Contains(m.Indholdstype, "json"):
		var v any
		d := json.NewDecoder(bytes.NewReader(m.Indhold))
		d.UseNumber()
		if err := d.Decode(&v); err != nil || d.More() {
			return nil, errors.New("indholdet er ikke gyldig JSON")
		}
		return jsonblade(v, ""), nil
	case strings.Contains(m.Indholdstype, "xml"):
		rod, err := connector.ParseXML(string(m.Indhold))
		if err != nil {
			return nil, err
		}
		return xmlblade(rod, strings.ToLower(rod.Name)), nil
	}
	return nil, nil
}

func jsonblade(v any, sti string) (ud []blad) {
	switch v := v.(type) {
	case map[string]any:
		for navn, x := range v {
			ud = append(ud, jsonblade(x, strings.TrimPrefix(sti+"."+strings.ToLower(navn), "."))...)
		}
		slices.SortFunc(ud, func(a, b blad) int { return strings.Compare(a.sti, b.sti) })
	case []any:
		for _, x := range v {
			ud = append(ud, jsonblade(x, sti)...)
		}
	default:
		ud = append(ud, blad{sti, fmt.Sprint(v)})
	}
	return ud
}

func xmlblade(e *connector.Element, sti string) (ud []blad) {
	for navn, v := range e.Attrs {
		ud = append(ud, blad{sti + "." + strings.ToLower(navn), v})
	}
	for _, k := range e.Kids {
		ud = append(ud, xmlblade(k, sti+"."+strings.ToLower(k.Name))...)
	}
	if len(e.Kids) == 0 {
		ud = append(ud, blad{sti, e.Text})
	}
	return ud
}

// indholdsnavne are what the fields that stand in metadata and content alike are called in the content.
func indholdsnavne() map[string][]string {
	return map[string][]string{
		"objektID":         {"objektid", "uuid", "uuididentifikator"},
		"livscykluskode":   {"livscykluskode"},
		"registreringstid": {"fratidspunkt", "tidspunkt"},
	}
}

// iIndhold is the first value of the content that stands under one of the names, near the root: further in, the same names are
// about other objekter.
func iIndhold(l []blad, navne []string) (string, bool) {
	for _, b := range l {
		led := strings.Split(b.sti, ".")
		if slices.ContainsFunc(led[:min(len(led), 3)], func(navn string) bool { return slices.Contains(navne, navn) }) {
			return b.vaerdi, true
		}
	}
	return "", false
}
