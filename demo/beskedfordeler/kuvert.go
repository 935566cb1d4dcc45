package beskedfordeler

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"time"
)

const rum = "urn:oio:besked:kuvert:1.0"

// unikID is a UUID or a URN.
type unikID struct {
	UUID string `xml:"UUIDIdentifikator"`
	URN  string `xml:"URNIdentifikator"`
}

func (u unikID) String() string {
	if u.UUID != "" {
		return strings.ToLower(strings.TrimSpace(u.UUID))
	}
	return strings.TrimSpace(u.URN)
}

// haendelsesbesked is what the stand-in reads of an envelope.
type haendelsesbesked struct {
	XMLName       xml.Name `xml:"urn:oio:besked:kuvert:1.0 Haendelsesbesked"`
	BeskedId      unikID
	BeskedVersion string
	Beskedkuvert  struct {
		Filtreringsdata struct {
			Raa                []byte `xml:",innerxml"`
			ObjektRegistrering []registrering
		}
		Leveranceinformation *struct{}
	}
	Beskeddata []struct {
		Raa []byte `xml:",innerxml"`
	}
}

type registrering struct {
	ObjektAnsvarligMyndighed unikID
	ObjektType               unikID
	OpgaveEmne               unikID
}

func laes(raa []byte) (h haendelsesbesked, err error) {
	if err := xml.Unmarshal(raa, &h); err != nil {
		return h, errors.New("beskeden er ikke en Haendelsesbesked")
	}
	if h.BeskedId.String() == "" || h.Beskedkuvert.Leveranceinformation == nil {
		return h, errors.New("beskeden mangler BeskedId eller Leveranceinformation")
	}
	return h, nil
}

// sum is what says whether two beskeder have the same content.
func (h *haendelsesbesked) sum() [32]byte {
	dele := [][]byte{h.Beskedkuvert.Filtreringsdata.Raa}
	for _, d := range h.Beskeddata {
		dele = append(dele, d.Raa)
	}
	return sha256.Sum256(bytes.Join(dele, []byte{0}))
}

// passer reports whether the besked is one for the dueslag.
func (d *Dueslag) passer(h *haendelsesbesked) bool {
	return slices.ContainsFunc(h.Beskedkuvert.Filtreringsdata.ObjektRegistrering, func(r registrering) bool {
		emne := r.OpgaveEmne.String()
		forled, aaben := strings.CutSuffix(d.OpgaveEmne, "*")
		return (d.Objekttype == "" || d.Objekttype == r.ObjektType.String()) &&
			(d.Myndighed == "" || d.Myndighed == r.ObjektAnsvarligMyndighed.String()) &&
			(d.OpgaveEmne == "" || d.OpgaveEmne == emne || aaben && strings.HasPrefix(emne, forled))
	})
}

// afCVR reports whether every registrering is the authority's own.
func (h *haendelsesbesked) afCVR(cvr string) bool {
	return cvr == "" || !slices.ContainsFunc(h.Beskedkuvert.Filtreringsdata.ObjektRegistrering, func(r registrering) bool {
		m := r.ObjektAnsvarligMyndighed.String()
		return m != "urn:oio:cvr-nr:"+cvr && m != "urn:oio:cvr:"+cvr
	})
}

// medRute adds a Leverancerute of this system, and leaves every other byte as it is.
func medRute(raa []byte, dueslag string, modtaget, leveret time.Time, forsoeg int) ([]byte, error) {
	rute := fmt.Sprintf(`<b:Leverancerute xmlns:b="%s" xmlns:s="urn:oio:sagdok:3.0.0"><b:Fordelingssystem><s:URNIdentifikator>%s</s:URNIdentifikator></b:Fordelingssystem>`+
		`<b:ModtagelsesTidspunkt><s:TidsstempelDatoTid>%s</s:TidsstempelDatoTid></b:ModtagelsesTidspunkt><b:LeveranceTidspunkt><s:TidsstempelDatoTid>%s</s:TidsstempelDatoTid></b:LeveranceTidspunkt>`+
		`<b:ErLeveretIHenholdTil><s:UUIDIdentifikator>%s</s:UUIDIdentifikator></b:ErLeveretIHenholdTil>`+
		`<b:LeveranceruteLokalUdvidelse><b:AntalLeveranceforsoeg>%d</b:AntalLeveranceforsoeg></b:LeveranceruteLokalUdvidelse></b:Leverancerute>`,
		rum, fordelingssystem, modtaget.UTC().Format(time.RFC3339Nano), leveret.UTC().Format(time.RFC3339Nano), html.EscapeString(dueslag), forsoeg)
	sted, har, err := findRuter(raa)
	if err != nil {
		return nil, err
	}
	if !har {
		rute = `<b:Leveranceruter xmlns:b="` + rum + `">` + rute + `</b:Leveranceruter>`
	}
	return sted.indsaet(raa, rute), nil
}

// sted is where something is put in: before the byte fra, or inside the element that ends there as <a/>.
type sted struct {
	fra  int64
	navn string // of an element that must be opened first
}

func (s sted) indsaet(raa []byte, nyt string) []byte {
	if s.navn == "" {
		return slices.Concat(raa[:s.fra], []byte(nyt), raa[s.fra:])
	}
	return slices.Concat(raa[:s.fra-2], []byte(">"+nyt+"</"+s.navn+">"), raa[s.fra:])
}

// findRuter finds where the next Leverancerute belongs: last in Leveranceruter where har, else where Leveranceruter belongs.
func findRuter(raa []byte) (s sted, har bool, err error) {
	d := xml.NewDecoder(bytes.NewReader(raa))
	var sti []string
	start := map[string]int64{}
	for {
		foer := d.InputOffset()
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return s, har, nil
		}
		if err != nil {
			return s, false, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			sti = append(sti, t.Name.Local)
			if p := strings.Join(sti, "/"); t.Name.Space == rum {
				start[p] = foer
				if p == leverance+"/LeveranceinformationLokalUdvidelse" && !har {
					s = sted{fra: foer}
				}
			}
		case xml.EndElement:
			p := strings.Join(sti, "/")
			sti = sti[:len(sti)-1]
			switch slut := d.InputOffset(); {
			case p == leverance+"/Leveranceruter":
				s, har = stedetI(raa, start[p], foer, slut), true
			case p == leverance && s == sted{}:
				s = stedetI(raa, start[p], foer, slut)
			}
		}
	}
}

const leverance = "Haendelsesbesked/Beskedkuvert/Leveranceinformation"

// stedetI is last inside an element, whose end tag begins at foer and ends at slut; they are one where it is <a/>.
func stedetI(raa []byte, start, foer, slut int64) sted {
	if foer != slut {
		return sted{fra: foer}
	}
	navn, _, _ := strings.Cut(strings.Trim(string(raa[start+1:slut-2]), " \t\r\n"), " ")
	return sted{fra: slut, navn: navn}
}
