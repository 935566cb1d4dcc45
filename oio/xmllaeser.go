package oio

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Limits on an XML text, beside that on its bytes. Over them it is refused with [mox.KodeUgyldig].
const (
	MaksXMLDybde       = 64     // levels of elements
	MaksXMLElementer   = 20_000 // elements
	MaksXMLAttributter = 100    // attributes of one element
)

const (
	navnerumXML   = "http://www.w3.org/XML/1998/namespace"
	navnerumXMLNS = "http://www.w3.org/2000/xmlns/"
	navnerumXSI   = "http://www.w3.org/2001/XMLSchema-instance"
	bom           = "\ufeff"
)

// element is an XML element with its place in the source, so that it can be cut out byte for byte.
type element struct {
	rum, navn  string // namespace and local name
	praefiks   string
	attr       []attribut // without namespace declarations
	boern      []*element
	tekst      []byte   // the text directly in it, joined
	andet      bool     // a comment or a processing instruction stands directly in it
	egne       []string // the processing instructions to us that stand directly in it
	fra, til   int      // the whole element
	indreFra   int      // after its start tag
	indreTil   int      // before its end tag; indreFra for <a/>
	over       *element
	navnerum   map[string]string // the prefixes it declares itself
	selvlukket bool              // <a/>
}

type attribut struct{ rum, navn, vaerdi string }

// slaaOp is the namespace of a prefix at e.
func (e *element) slaaOp(praefiks string) (string, bool) {
	if praefiks == "xml" {
		return navnerumXML, true
	}
	for ; e != nil; e = e.over {
		if rum, ok := e.navnerum[praefiks]; ok {
			return rum, true
		}
	}
	return "", praefiks == ""
}

// xmllaeser builds the tree of one XML text. It is stricter than encoding/xml, which lets undeclared prefixes, an
// attribute that stands twice, several roots and DTDs pass.
type xmllaeser struct {
	d       *xml.Decoder
	raa     []byte
	rod, nu *element
	antal   int
	dybde   int
	andet   bool // something beside the XML declaration stands outside the root
}

// laesXML reads one XML 1.0 text in UTF-8 with namespaces, without a DTD and so without entities of its own. The error
// text is for a person; it quotes nothing of the content.
func laesXML(raa []byte) (*xmllaeser, error) {
	l := &xmllaeser{raa: raa, d: xml.NewDecoder(bytes.NewReader(raa))}
	for {
		fra := int(l.d.InputOffset())
		t, err := l.d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, l.fejl("er ikke gyldig XML i UTF-8") // the decoder's own text may quote the content
		}
		if err := l.tegn(t, fra); err != nil {
			return nil, err
		}
	}
	if l.nu != nil || l.rod == nil {
		return nil, l.fejl("teksten slutter for tidligt")
	}
	return l, nil
}

func (l *xmllaeser) fejl(format string, args ...any) error {
	linje, kolonne := l.d.InputPos()
	return fmt.Errorf("linje %d, tegn %d: %s", linje, kolonne, fmt.Sprintf(format, args...))
}

func (l *xmllaeser) tegn(t xml.Token, fra int) error {
	switch t := t.(type) {
	case xml.StartElement:
		return l.start(t, fra)
	case xml.EndElement:
		return l.slut(t, fra)
	case xml.CharData:
		return l.tekst(t, fra)
	case xml.Comment:
		l.setAndet()
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") {
			if fra != 0 && string(l.raa[:fra]) != bom {
				return l.fejl("XML-erklæringen må kun stå først")
			}
			return nil
		}
		if t.Target == instruks && l.nu != nil {
			l.nu.egne = append(l.nu.egne, string(t.Inst))
		}
		l.setAndet()
	case xml.Directive:
		return l.fejl("DTD og andre <!…> er ikke tilladt")
	}
	return nil
}

func (l *xmllaeser) setAndet() {
	if l.nu != nil {
		l.nu.andet = true
		return
	}
	l.andet = true
}

func (l *xmllaeser) tekst(t xml.CharData, fra int) error {
	if l.nu != nil {
		l.nu.tekst = append(l.nu.tekst, t...)
		return nil
	}
	if fra == 0 {
		t = bytes.TrimPrefix(t, []byte(bom))
	}
	if len(bytes.Trim(t, " \t\r\n")) > 0 {
		return l.fejl("der står tekst uden for rodelementet")
	}
	return nil
}

func (l *xmllaeser) start(t xml.StartElement, fra int) error {
	if l.antal++; l.antal > MaksXMLElementer {
		return l.fejl("har over %d elementer", MaksXMLElementer)
	}
	if l.dybde++; l.dybde > MaksXMLDybde {
		return l.fejl("er over %d niveauer dybt", MaksXMLDybde)
	}
	if l.nu == nil && l.rod != nil {
		return l.fejl("har mere end ét rodelement")
	}
	e := &element{praefiks: t.Name.Space, navn: t.Name.Local, fra: fra, indreFra: int(l.d.InputOffset()), over: l.nu}
	if err := l.attributter(e, t.Attr); err != nil {
		return err
	}
	var ok bool
	if e.rum, ok = e.slaaOp(e.praefiks); !ok || e.praefiks == "xmlns" || strings.Contains(e.navn, ":") {
		return l.fejl("et elements præfiks er ikke erklæret")
	}
	if l.nu == nil {
		l.rod = e
	} else {
		l.nu.boern = append(l.nu.boern, e)
	}
	l.nu = e
	return nil
}

func (l *xmllaeser) attributter(e *element, attr []xml.Attr) error {
	if len(attr) > MaksXMLAttributter {
		return l.fejl("et element har over %d attributter", MaksXMLAttributter)
	}
	for _, a := range attr {
		praefiks, erklaering := navnerumserklaering(a.Name)
		if !erklaering {
			continue
		}
		_, to := e.navnerum[praefiks]
		if to || praefiks == "xmlns" || praefiks == "xml" && a.Value != navnerumXML || praefiks != "" && a.Value == "" ||
			praefiks != "xml" && a.Value == navnerumXML || a.Value == navnerumXMLNS || strings.Contains(praefiks, ":") {
			return l.fejl("en navnerumserklæring er ugyldig")
		}
		if e.navnerum == nil {
			e.navnerum = map[string]string{}
		}
		e.navnerum[praefiks] = a.Value
	}
	set := map[[2]string]bool{}
	for _, a := range attr {
		if _, erklaering := navnerumserklaering(a.Name); erklaering {
			continue
		}
		rum, ok := "", true
		if a.Name.Space != "" {
			rum, ok = e.slaaOp(a.Name.Space)
		}
		noegle := [2]string{rum, a.Name.Local}
		if !ok || set[noegle] || strings.Contains(a.Name.Local, ":") {
			return l.fejl("en attribut står to gange, eller dens præfiks er ikke erklæret")
		}
		set[noegle] = true
		e.attr = append(e.attr, attribut{rum, a.Name.Local, a.Value})
	}
	return nil
}

func navnerumserklaering(n xml.Name) (praefiks string, ok bool) {
	if n.Space == "xmlns" {
		return n.Local, true
	}
	return "", n.Space == "" && n.Local == "xmlns"
}

func (l *xmllaeser) slut(t xml.EndElement, fra int) error {
	e := l.nu
	if e == nil || t.Name.Space != e.praefiks || t.Name.Local != e.navn {
		return l.fejl("et sluttag svarer ikke til sit starttag")
	}
	e.til = int(l.d.InputOffset())
	e.indreTil = fra
	e.selvlukket = e.til == e.indreFra
	l.dybde--
	l.nu = e.over
	return nil
}

// attributten is an attribute without namespace.
func (e *element) attributten(navn string) (string, bool) {
	for _, a := range e.attr {
		if a.rum == "" && a.navn == navn {
			return a.vaerdi, true
		}
	}
	return "", false
}

// selvstaendig reports whether content is one XML element that means the same wherever it stands: well-formed on its own,
// and no value in it looks like a name with a prefix that only the surroundings ydre declare. rod is the element.
func selvstaendig(indhold []byte, ydre func(praefiks string) bool) (rod *element, ok bool) {
	if len(indhold) == 0 {
		return nil, false
	}
	l, err := laesXML(indhold)
	if err != nil {
		return nil, false
	}
	return l.rod, !l.rod.laaner(ydre)
}

// laaner reports whether a value in e is a name such as xsi:type holds, whose prefix is declared outside e only.
func (e *element) laaner(ydre func(praefiks string) bool) bool {
	fremmed := func(v string, type_ bool) bool {
		praefiks, _, ok := strings.Cut(strings.TrimSpace(v), ":")
		if !ok {
			praefiks = ""
		}
		if !ok && !type_ || !ydre(praefiks) {
			return false
		}
		for i := e; i != nil; i = i.over {
			if _, egen := i.navnerum[praefiks]; egen {
				return false
			}
		}
		return true
	}
	if fremmed(string(e.tekst), false) {
		return true
	}
	for _, a := range e.attr {
		if fremmed(a.vaerdi, a.rum == navnerumXSI && a.navn == "type") {
			return true
		}
	}
	for _, b := range e.boern {
		if b.laaner(ydre) {
			return true
		}
	}
	return false
}

// erXMLTekst reports whether XML 1.0 can carry s as it is.
func erXMLTekst(s string) bool {
	for i, r := range s {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r < 0xfffd, r >= 0x10000:
		case r == 0xfffd:
			if !strings.HasPrefix(s[i:], "\ufffd") { // a byte that is not UTF-8
				return false
			}
		default:
			return false
		}
	}
	return true
}
