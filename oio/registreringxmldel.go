package oio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// Registreringsstykke is one RegistreringBesked of an XML text, as a text of its own.
type Registreringsstykke struct {
	Linje int // where it begins, 1-based
	Raa   []byte
}

// DelRegistreringer finds each RegistreringBesked in an XML text of any length, whatever stands around them, and gives it as a
// text that [UnmarshalRegistreringXML] reads: with the namespaces that its surroundings declare. One at a time is held in memory.
//
// It ends at the first error: [mox.KodeUgyldig] where the text is not XML, has a DTD or ends too early, or has no
// RegistreringBesked at all; [mox.KodeForStor] for one over [MaksBytes]; the reader's own.
func DelRegistreringer(r io.Reader) iter.Seq2[Registreringsstykke, error] {
	return func(yield func(Registreringsstykke, error) bool) {
		d := nyStykkedeler(r)
		fundet := false
		for {
			s, err := d.naeste()
			if errors.Is(err, io.EOF) && fundet {
				return
			}
			if errors.Is(err, io.EOF) {
				err = mox.E("oio.DelRegistreringer", mox.KodeUgyldig, "der er ingen RegistreringBesked, som kendes").Med("brug et af skemaernes navnerum, for eksempel urn:oio:sts:sagdok:sag:1.2.4.0")
			}
			if !yield(s, err) || err != nil {
				return
			}
			fundet = true
		}
	}
}

// stykkedeler reads XML and keeps the bytes since what it is looking at began.
type stykkedeler struct {
	r    egenfejl
	d    *xml.Decoder
	raa  bytes.Buffer // what has been read from the place fra
	fra  int64
	over []map[string]string // the namespaces that each open element declares, by prefix
}

func nyStykkedeler(r io.Reader) *stykkedeler {
	s := &stykkedeler{r: egenfejl{Reader: r}}
	s.d = xml.NewDecoder(io.TeeReader(&s.r, &s.raa))
	return s
}

// egenfejl is a reader that remembers its own error, which is none of the text.
type egenfejl struct {
	io.Reader
	err error
}

func (e *egenfejl) Read(p []byte) (n int, err error) {
	if n, err = e.Reader.Read(p); err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

// naeste is the next RegistreringBesked; [io.EOF] when there is none.
func (s *stykkedeler) naeste() (Registreringsstykke, error) {
	for {
		s.glem(s.d.InputOffset())
		linje, _ := s.d.InputPos()
		t, err := s.d.Token()
		if err != nil {
			return Registreringsstykke{}, s.fejl(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return Registreringsstykke{}, s.fejl(errors.New("DTD"))
		case xml.EndElement:
			s.over = s.over[:len(s.over)-1]
		case xml.StartElement:
			type_, ok := mox.TypeVedSkema(t.Name.Space)
			if !ok || type_.Skema == "" || t.Name.Local != "RegistreringBesked" {
				s.over = append(s.over, erklaerede(t))
				continue
			}
			if err := s.tilEnden(); err != nil {
				return Registreringsstykke{}, s.fejl(err)
			}
			return Registreringsstykke{linje, s.medNavnerum(t, s.raa.Bytes()[:s.d.InputOffset()-s.fra])}, nil
		}
	}
}

// glem lets go of what stands before the place.
func (s *stykkedeler) glem(til int64) {
	s.raa.Next(int(til - s.fra))
	s.fra = til
}

// tilEnden reads to the end of the element that has begun.
func (s *stykkedeler) tilEnden() error {
	for dybde := 1; dybde > 0; {
		t, err := s.d.Token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			dybde++
		case xml.EndElement:
			dybde--
		}
		if n := int(s.d.InputOffset() - s.fra); n > MaksBytes {
			return forStor("oio.DelRegistreringer", n, MaksBytes)
		}
	}
	return nil
}

func erklaerede(t xml.StartElement) map[string]string {
	var ud map[string]string
	for _, a := range t.Attr {
		p, ok := navnerumserklaering(xml.Name{Space: a.Name.Space, Local: a.Name.Local})
		if !ok {
			continue
		}
		if ud == nil {
			ud = map[string]string{}
		}
		ud[p] = a.Value
	}
	return ud
}

// medNavnerum is an element's bytes with what its surroundings declare put into its start tag.
func (s *stykkedeler) medNavnerum(t xml.StartElement, raa []byte) []byte {
	set := erklaerede(t)
	if set == nil {
		set = map[string]string{}
	}
	var laant strings.Builder
	for i := len(s.over) - 1; i >= 0; i-- {
		for _, p := range slices.Sorted(maps.Keys(s.over[i])) {
			if _, kendt := set[p]; kendt {
				continue
			}
			rum := s.over[i][p]
			set[p] = rum
			navn := " xmlns"
			if p != "" {
				navn += ":" + p
			}
			laant.WriteString(navn + `="` + xmlAttr.Replace(rum) + `"`)
		}
	}
	navn := bytes.IndexAny(raa, " \t\r\n/>") // after "<" and the name
	return append(append(bytes.Clone(raa[:navn]), laant.String()...), raa[navn:]...)
}

// fejl is a decoder's error as it is told: where, and nothing of the content.
func (s *stykkedeler) fejl(err error) error {
	if s.r.err != nil {
		return s.r.err
	}
	if errors.Is(err, io.EOF) || errors.As(err, new(*mox.Error)) {
		return err
	}
	linje, _ := s.d.InputPos()
	return mox.E("oio.DelRegistreringer", mox.KodeUgyldig, "linje %d: er ikke gyldig XML i UTF-8 uden DTD", linje).Med("det, der står før, er læst; ret filen, og kør igen")
}
