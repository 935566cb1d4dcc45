package forsendelse

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// xmlWSDL is what a client reads in a WSDL.
type xmlWSDL struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/wsdl/ definitions"`
	Maal    string   `xml:"targetNamespace,attr"`
	Skema   struct {
		Maal      string       `xml:"targetNamespace,attr"`
		Form      string       `xml:"elementFormDefault,attr"`
		Elementer []xmlElement `xml:"element"`
		Simple    []xmlNavn    `xml:"simpleType"`
	} `xml:"types>schema"`
	Beskeder []struct {
		Navn string `xml:"name,attr"`
		Part struct {
			Element string `xml:"element,attr"`
		} `xml:"part"`
	} `xml:"message"`
	Porttype struct {
		Navn        string `xml:"name,attr"`
		Operationer []struct {
			Navn string    `xml:"name,attr"`
			Ind  xmlBesked `xml:"input"`
			Ud   xmlBesked `xml:"output"`
		} `xml:"operation"`
	} `xml:"portType"`
	Binding struct {
		Navn        string    `xml:"name,attr"`
		Type        string    `xml:"type,attr"`
		Operationer []xmlNavn `xml:"operation"`
	} `xml:"binding"`
	Port struct {
		Binding string `xml:"binding,attr"`
		Adresse struct {
			Location string `xml:"location,attr"`
		} `xml:"http://schemas.xmlsoap.org/wsdl/soap/ address"`
	} `xml:"service>port"`
}

type (
	xmlNavn struct {
		Navn string `xml:"name,attr"`
	}
	xmlBesked struct {
		Besked string `xml:"message,attr"`
	}
	xmlElement struct {
		Navn    string `xml:"name,attr"`
		Sekvens []struct {
			Navn string `xml:"name,attr"`
			Type string `xml:"type,attr"`
			Min  string `xml:"minOccurs,attr"`
		} `xml:"complexType>sequence>element"`
	}
)

func hentWSDL(t *testing.T) xmlWSDL {
	t.Helper()
	_, server := start(t, Options{})
	resp, err := http.Get(server.URL + "/ws?WSDL")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var w xmlWSDL
	if err := xml.Unmarshal(data, &w); err != nil || resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/xml") {
		t.Fatalf("%d %v %v", resp.StatusCode, resp.Header, err)
	}
	if w.Port.Adresse.Location != server.URL+"/ws" {
		t.Errorf("address %s", w.Port.Adresse.Location)
	}
	return w
}

// Every reference in the WSDL leads to something in it.
func TestWSDLHangsTogether(t *testing.T) {
	w := hentWSDL(t)
	if w.Maal != nsWS || w.Skema.Maal != nsWS || w.Skema.Form != "qualified" {
		t.Errorf("namespaces %q %q, form %q", w.Maal, w.Skema.Maal, w.Skema.Form)
	}
	elementer, beskeder, typer := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, s := range w.Skema.Simple {
		typer["tns:"+s.Navn] = true
	}
	for _, e := range w.Skema.Elementer {
		elementer["tns:"+e.Navn] = true
		for _, f := range e.Sekvens {
			if !strings.HasPrefix(f.Type, "xs:") && !typer[f.Type] {
				t.Errorf("%s.%s is of the unknown type %s", e.Navn, f.Navn, f.Type)
			}
		}
	}
	for _, b := range w.Beskeder {
		beskeder["tns:"+b.Navn] = true
		if !elementer[b.Part.Element] {
			t.Errorf("message %s has the unknown element %s", b.Navn, b.Part.Element)
		}
	}
	var operationer []string
	for _, o := range w.Porttype.Operationer {
		operationer = append(operationer, o.Navn)
		if !beskeder[o.Ind.Besked] || !beskeder[o.Ud.Besked] {
			t.Errorf("operation %s has unknown messages %s and %s", o.Navn, o.Ind.Besked, o.Ud.Besked)
		}
	}
	if !slices.Equal(operationer, []string{"SendBrev", "FindBrev", "SendRekommanderet"}) || len(w.Binding.Operationer) != 3 {
		t.Errorf("operations %v, bound %v", operationer, w.Binding.Operationer)
	}
	if w.Binding.Type != "tns:"+w.Porttype.Navn || w.Port.Binding != "tns:"+w.Binding.Navn {
		t.Errorf("binding %+v, port %+v", w.Binding, w.Port)
	}
}

// A request made from the schema, element by element, is one that the service takes, and its answer has the elements
// of the schema.
func TestWSDLTellsTheTruth(t *testing.T) {
	w := hentWSDL(t)
	_, server := start(t, Options{})
	eksempel := map[string]string{"tns:Udfyldt": "abc", "tns:Cpr": cpr, "tns:Revision": "1", "tns:Indhold": "AAAA", "xs:string": ""}
	navne := make(map[string][]string)
	for _, e := range w.Skema.Elementer {
		for _, f := range e.Sekvens {
			navne[e.Navn] = append(navne[e.Navn], f.Navn)
		}
	}
	for _, e := range w.Skema.Elementer {
		if strings.HasSuffix(e.Navn, "Response") {
			continue
		}
		var felter []string
		for _, f := range e.Sekvens {
			felter = append(felter, f.Navn, eksempel[f.Type])
		}
		status, krop := kald(t, anmod(t, server.URL, kuvert(e.Navn, elementer(felter...))))
		a, err := laesAnmodning(strings.NewReader(krop))
		if status != 200 || err != nil || a.operation != e.Navn+"Response" {
			t.Fatalf("%s: %d %v %s", e.Navn, status, err, krop)
		}
		if _, err := a.iOrden(navne[a.operation]...); err != nil {
			t.Errorf("%s: %v", e.Navn, err)
		}
	}
}

func TestNoWSDLWithoutAsking(t *testing.T) {
	s, _ := start(t, Options{})
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/ws", nil))
	if w.Code != 404 {
		t.Error(w.Code)
	}
}
