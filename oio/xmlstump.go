package oio

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stump is an XML element that is complete in itself.
type stump struct {
	*element
	raa []byte
}

// MaksStumpDybde is how deep an element may be that is carried in a registrering: it must have room in one, in an envelope.
const MaksStumpDybde = MaksXMLDybde / 2

// stumper reads a text of such elements. The error text is for a person.
func stumper(x string) ([]stump, error) {
	if x == "" {
		return nil, nil
	}
	raa := slices.Concat([]byte("<x>"), []byte(x), []byte("</x>"))
	l, err := laesXML(raa)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(l.rod.tekst)) > 0 || len(l.rod.boern) == 0 || l.rod.til != len(raa) {
		return nil, errors.New("der står andet end elementer")
	}
	ud := make([]stump, len(l.rod.boern))
	for i, e := range l.rod.boern {
		if dybde, _ := maal(e); dybde > MaksStumpDybde {
			return nil, fmt.Errorf("et element er over %d niveauer dybt", MaksStumpDybde)
		}
		ud[i] = stump{e, raa[e.fra:e.til]}
	}
	return ud, nil
}

// selvbaerende is e as it stands in raa, with the namespaces that only its surroundings declare.
func selvbaerende(raa []byte, e *element) string {
	tag := e.navn
	if e.praefiks != "" {
		tag = e.praefiks + ":" + tag
	}
	stykke := raa[e.fra:e.til]
	laant := navnerumOmkring(e)
	if _, ok := selvstaendig(stykke, func(p string) bool { return p != "" && laant[p] != "" }); ok && laant[""] == "" {
		return string(stykke)
	}
	var b strings.Builder
	b.WriteString("<" + tag)
	for _, p := range slices.Sorted(maps.Keys(laant)) {
		switch {
		case p == "":
			b.WriteString(` xmlns="` + xmlAttr.Replace(laant[p]) + `"`)
		case bytes.Contains(stykke, []byte(p+":")):
			b.WriteString(` xmlns:` + p + `="` + xmlAttr.Replace(laant[p]) + `"`)
		}
	}
	b.Write(stykke[1+len(tag):])
	return b.String()
}

// navnerumOmkring are the namespaces in force at e that it does not declare itself, by prefix.
func navnerumOmkring(e *element) map[string]string {
	ud := map[string]string{}
	set := map[string]bool{}
	for i := e; i != nil; i = i.over {
		for p, rum := range i.navnerum {
			if !set[p] && i != e && rum != "" {
				ud[p] = rum
			}
			set[p] = true
		}
	}
	return ud
}
