package soapc

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
)

const (
	namespace = "urn:vendor:forsendelse:1"
	password  = "hemmeligt-kodeord"
)

// system is a letter service with a SOAP interface, and none of our code in it.
type system struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	records []string // <Brev> elements, in order; the first has Nr 1
	limit   int      // most records in an answer
	letters []letter
	refuse  bool
	lose    bool
	asked   chan struct{} // not nil: hang
}

// letter is the request Send, whose fields the service wants in this order.
type letter struct {
	XMLName   xml.Name `xml:"urn:vendor:forsendelse:1 Send"`
	Reference string   `xml:"urn:vendor:forsendelse:1 Reference"`
	ID        string   `xml:"urn:vendor:forsendelse:1 id"`
	Titel     string   `xml:"urn:vendor:forsendelse:1 titel"`
	Dokument  string   `xml:"urn:vendor:forsendelse:1 dokument"`
}

func newSystem(t *testing.T) *system {
	s := &system{t: t, limit: 400}
	s.server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

func (s *system) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	asked := s.asked
	s.mu.Unlock()
	if asked != nil {
		asked <- struct{}{}
		<-r.Context().Done()
		return
	}
	if _, p, _ := r.BasicAuth(); p != password {
		http.Error(w, "hvem er du?", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "kun POST", http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var envelope struct {
		Body struct {
			Inner []byte `xml:",innerxml"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		s.fault(w, "Client", err.Error())
		return
	}
	switch r.Header.Get("SOAPAction") {
	case `"send"`:
		s.send(w, envelope.Body.Inner)
	case `"find"`:
		s.find(w, envelope.Body.Inner)
	case `"hent"`:
		s.list(w, envelope.Body.Inner)
	default:
		s.fault(w, "Client", "ukendt SOAPAction")
	}
}

func (s *system) reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>%s</s:Body></s:Envelope>`, body)
}

func (s *system) fault(w http.ResponseWriter, code, text string) {
	s.reply(w, http.StatusInternalServerError, fmt.Sprintf(
		`<s:Fault><faultcode>s:%s</faultcode><faultstring>%s</faultstring><detail><f:felt xmlns:f="urn:x">Reference</f:felt></detail></s:Fault>`, code, text))
}

func (s *system) send(w http.ResponseWriter, request []byte) {
	var l letter
	if err := xml.Unmarshal(request, &l); err != nil {
		s.fault(w, "Client", err.Error())
		return
	}
	if order := names(request); !slices.IsSorted(order) {
		s.fault(w, "Client.Skema", "felterne kommer i forkert rækkefølge")
		return
	}
	if s.refuse {
		s.fault(w, "Client.UkendtModtager", "Modtageren findes ikke")
		return
	}
	s.letters = append(s.letters, l)
	if s.lose {
		panic(http.ErrAbortHandler)
	}
	s.reply(w, http.StatusOK, fmt.Sprintf(`<SendResponse xmlns="%s"><BrevId>%s</BrevId></SendResponse>`, namespace, l.ID))
}

// names gives the place in the schema of each child of the request's element.
func names(request []byte) (order []int) {
	var outer struct {
		Kids []struct{ XMLName xml.Name } `xml:",any"`
	}
	_ = xml.Unmarshal(request, &outer)
	for _, k := range outer.Kids {
		order = append(order, slices.Index([]string{"Reference", "titel", "id", "dokument"}, k.XMLName.Local))
	}
	return order
}

func (s *system) find(w http.ResponseWriter, request []byte) {
	var q struct{ Reference string }
	_ = xml.Unmarshal(request, &q)
	i := slices.IndexFunc(s.letters, func(l letter) bool { return l.Reference == q.Reference })
	answer := "<Fundet>false</Fundet>"
	if i >= 0 {
		answer = fmt.Sprintf("<Fundet>true</Fundet><Brev><BrevId>%s</BrevId></Brev>", s.letters[i].ID)
	}
	s.reply(w, http.StatusOK, fmt.Sprintf(`<FindResponse xmlns="%s">%s</FindResponse>`, namespace, answer))
}

func (s *system) list(w http.ResponseWriter, request []byte) {
	var q struct{ Efter string }
	_ = xml.Unmarshal(request, &q)
	from, _ := strconv.Atoi(q.Efter)
	from = min(from, len(s.records))
	to := min(from+s.limit, len(s.records))
	s.reply(w, http.StatusOK, fmt.Sprintf(`<HentResponse xmlns="%s">%s</HentResponse>`, namespace, strings.Join(s.records[from:to], "")))
}

func (s *system) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *system) add(content string) {
	s.set(func() {
		s.records = append(s.records, fmt.Sprintf(`<Brev Nr="%d">%s</Brev>`, len(s.records)+1, content))
	})
}

func (s *system) hang(*testing.T) <-chan struct{} {
	asked := make(chan struct{}, 10)
	s.set(func() { s.asked = asked })
	return asked
}

func (s *system) service() Service {
	return Service{
		Type: "soap", URL: s.server.URL + "/forsendelse", Namespace: namespace,
		Auth: connector.Auth{Basic: &connector.BasicAuth{Bruger: "mox", Kodeord: "env:KODEORD"}},
	}
}

func env(e connector.Env) connector.Env {
	e.Secret = func(string) (string, error) { return password, nil }
	return e
}

func TestSourceConformance(t *testing.T) {
	t.Parallel()
	connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness {
		s := newSystem(t)
		c := SourceConfig{
			Service: s.service(), Operation: Operation{Operation: "Hent", SoapAction: "hent"},
			Felter: map[string]string{"Efter": "{{position}}"}, Element: "Brev", PositionFelt: "@Nr", PositionStart: "0",
		}
		return connectortest.SourceHarness{
			Open: func(t *testing.T, e connector.Env) connector.Source { return openSource(t, c, env(e)) },
			Add: func(_ *testing.T, items ...connectortest.Item) {
				for _, i := range items {
					s.add("<id>" + i.ID + "</id><titel>" + i.Titel + "</titel>")
				}
			},
			AddBroken:  func(*testing.T) { s.add(`<id x="1" y:x="2" xmlns:y="urn:y"/>`) },
			AddForeign: nil, // a broken byte breaks the whole answer
			Away:       func(*testing.T) { s.server.CloseClientConnections(); s.server.Close() },
			Hang:       s.hang,
			Secret:     password,
		}
	})
}

func openSource(t *testing.T, c SourceConfig, e connector.Env) *Source {
	t.Helper()
	s, err := NewSource(c, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s *system) sinkConfig() SinkConfig {
	return SinkConfig{
		Service:   s.service(),
		Operation: Operation{Operation: "Send", SoapAction: "send", FelterOrden: []string{"Reference", "titel", "id", "dokument"}},
		Indhold:   "base64", NoegleFelt: "Reference",
	}
}

func TestSinkConformance(t *testing.T) {
	t.Parallel()
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		s := newSystem(t)
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(t *testing.T, e connector.Env) connector.Sink {
				c := s.sinkConfig()
				change(&c)
				return openSink(t, c, env(e))
			}
		}
		return connectortest.SinkHarness{
			Open: open(func(c *SinkConfig) {
				c.Opslag = &Lookup{
					Operation: Operation{Operation: "Find", SoapAction: "find"}, Felter: map[string]string{"Reference": "{{noegle}}"},
					Fundet: "Fundet=true", Svar: "Brev",
				}
			}),
			OpenPlain: open(func(*SinkConfig) {}),
			Accepted:  CodeOK,
			Effects: func(*testing.T) []connectortest.Item {
				s.mu.Lock()
				defer s.mu.Unlock()
				var found []connectortest.Item
				for _, l := range s.letters {
					found = append(found, connectortest.Item{ID: l.ID, Titel: l.Titel})
				}
				return found
			},
			Refuse:     func(*testing.T, connector.Call) { s.set(func() { s.refuse = true }) },
			LoseAnswer: func(*testing.T) { s.set(func() { s.lose = true }) },
			Away:       func(*testing.T) { s.server.CloseClientConnections(); s.server.Close() },
			Hang:       s.hang,
			Document: func(t *testing.T, _ connector.Call) []byte {
				s.mu.Lock()
				defer s.mu.Unlock()
				b, err := base64.StdEncoding.DecodeString(s.letters[0].Dokument)
				if err != nil {
					t.Fatal(err)
				}
				return b
			},
			Secret: password,
		}
	})
}

func openSink(t *testing.T, c SinkConfig, e connector.Env) *Sink {
	t.Helper()
	s, err := NewSink(c, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// canned is a service that always answers the same, and keeps what it was sent.
type canned struct {
	*httptest.Server
	body, action, contentType string
}

func newCanned(t *testing.T, status int, contentType, answer string) *canned {
	t.Helper()
	c := &canned{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		c.body, c.action, c.contentType = string(b), r.Header.Get("SOAPAction"), r.Header.Get("Content-Type")
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *canned) config() SinkConfig {
	return SinkConfig{
		Service:   Service{Type: "soap", URL: c.URL, Namespace: "urn:a&b"},
		Operation: Operation{Operation: "Send", SoapAction: "urn:send", FelterOrden: []string{"b.x", "a", "b.@nr", "linje.tekst", "b.y", "linje.antal"}},
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	fields := map[string]any{
		"a": "<&>", "b.x": int64(1), "b.y": nil, "b.@nr": "7", "linje.0.tekst": "en", "linje.0.antal": int64(2), "linje.1.tekst": "to",
	}
	const content = `<b nr="7"><x>1</x></b><a>&lt;&amp;&gt;</a><linje><tekst>en</tekst><antal>2</antal></linje><linje><tekst>to</tekst></linje>`
	for name, c := range map[string]struct {
		change                    func(*SinkConfig)
		body, action, contentType string
	}{
		"Qualified": {
			func(*SinkConfig) {},
			`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Send xmlns="urn:a&amp;b">` + content + `</Send></soap:Body></soap:Envelope>`,
			`"urn:send"`, "text/xml; charset=utf-8",
		},
		"Unqualified12": {
			func(c *SinkConfig) { c.Ukvalificeret, c.Version = true, "1.2" },
			`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><m:Send xmlns:m="urn:a&amp;b">` + content + `</m:Send></soap:Body></soap:Envelope>`,
			"", `application/soap+xml; charset=utf-8; action="urn:send"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCanned(t, 200, "text/xml", "")
			config := server.config()
			c.change(&config)
			if _, err := openSink(t, config, connector.Env{}).Write(t.Context(), connector.Call{Fields: fields}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.body, server.body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if server.action != c.action || server.contentType != c.contentType {
				t.Errorf("SOAPAction %s, Content-Type %s", server.action, server.contentType)
			}
		})
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	document := map[string]connector.Opener{"a": func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}
	for name, c := range map[string]struct {
		call connector.Call
		want string
	}{
		"FieldWithoutPlace": {connector.Call{Fields: map[string]any{"c": "x"}}, `"c"`},
		"ControlCharacter":  {connector.Call{Fields: map[string]any{"a": "x\x01"}}, `"a"`},
		"Document":          {connector.Call{Content: document}, "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCanned(t, 200, "text/xml", "")
			_, err := openSink(t, server.config(), connector.Env{}).Write(t.Context(), c.call)
			if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Write = %v, want a permanent, known error with %q", err, c.want)
			}
			if server.body != "" {
				t.Errorf("the service was sent %s", server.body)
			}
		})
	}
}

func envelope(body string) string {
	return `<e:Envelope xmlns:e="x"><e:Body>` + body + `</e:Body></e:Envelope>`
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status              int
		contentType, answer string
		code, text          string
		fields              map[string]string
	}{
		"Response": {200, "text/xml", envelope(`<R><a>1</a><l>x</l><l>y</l></R>`), "ok", "", map[string]string{"a": "1", "l.0": "x", "l.1": "y"}},
		"OneWay":   {202, "", "", "ok", "", nil},
		"NoBody":   {200, "text/xml", envelope(""), "ok", "", nil},
		"Fault11": {500, "text/xml", envelope(`<e:Fault><faultcode>e:Client.Ukendt</faultcode><faultstring>Nej
			tak</faultstring><detail><nr>7</nr></detail></e:Fault>`), "Client.Ukendt", "Nej tak", map[string]string{"nr": "7"}},
		"Fault12": {400, "application/soap+xml", envelope(`<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>m:Ukendt</e:Value></e:Subcode></e:Code>` +
			`<e:Reason><e:Text xml:lang="da">Nej</e:Text></e:Reason><e:Detail><nr>7</nr></e:Detail></e:Fault>`), "Ukendt", "Nej", map[string]string{"nr": "7"}},
		"FaultIn200": {200, "text/xml", envelope(`<e:Fault><faultcode>Server</faultcode></e:Fault>`), "Server", "", map[string]string{}},
		"Page":       {200, "text/html", "<html><p>Log ind</html>", "200", "ikke gyldig XML: element <p> closed by </html>", nil},
		"Gateway":    {503, "text/html", "<html>", "503", "Service Unavailable", nil},
		"OtherXML":   {200, "text/xml", "<a/>", "200", errNotSOAP.Error(), nil},
		"DTD":        {200, "text/xml", "<!DOCTYPE a []>" + envelope("<R/>"), "200", "XML med DTD (<!DOCTYPE …>) modtages ikke", nil},
		"Redirect":   {302, "text/plain", "se andetsteds", "302", "se andetsteds", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCanned(t, c.status, c.contentType, c.answer)
			a, err := openSink(t, server.config(), connector.Env{}).Write(t.Context(), connector.Call{})
			if err != nil || a.Code != c.code || a.Text != c.text || cmp.Diff(c.fields, a.Fields) != "" {
				t.Errorf("answer %q %q %v, %v; want %q %q %v", a.Code, a.Text, a.Fields, err, c.code, c.text, c.fields)
			}
		})
	}
}

func TestLookupIsAnErrorWhenTheAnswerDoesNotTell(t *testing.T) {
	t.Parallel()
	fault := func(code string) string { return envelope(`<e:Fault><faultcode>` + code + `</faultcode></e:Fault>`) }
	for name, c := range map[string]struct {
		status    int
		answer    string
		temporary bool
	}{
		"ServerFault": {500, fault("e:Server"), true},
		"ClientFault": {500, fault("e:Client.Skema"), false},
		"Down":        {503, "", true},
		"Page":        {200, "<html/>", false},
		"Empty":       {200, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found, err := lookupOf(t, c.status, c.answer)
			if err == nil || found || connector.Temporary(err) != c.temporary || connector.Unknown(err) {
				t.Errorf("Lookup: found = %v, %v", found, err)
			}
		})
	}
	if _, found, err := lookupOf(t, 500, fault("e:Client.IkkeFundet")); found || err != nil {
		t.Errorf("Lookup with ikke_fundet: found = %v, %v", found, err)
	}
}

func lookupOf(t *testing.T, status int, answer string) (connector.Answer, bool, error) {
	t.Helper()
	c := newCanned(t, status, "text/xml", answer).config()
	c.Opslag = &Lookup{
		Operation: Operation{Operation: "Find"}, Felter: map[string]string{"R": "{{noegle}}"}, Fundet: "id", IkkeFundet: []string{"Client.IkkeFundet"},
	}
	return openSink(t, c, connector.Env{}).Lookup(t.Context(), connector.Call{Key: "1"})
}

func TestSourceAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		answer  string
		element string
		records int
		want    string // in the error
	}{
		"Empty":      {200, envelope("<R/>"), "Brev", 0, ""},
		"EmptyList":  {200, envelope("<R><Antal>0</Antal><Breve/></R>"), "Breve/Brev", 0, ""},
		"NoBody":     {200, envelope(""), "Brev", 0, ""},
		"List":       {200, envelope("<R><Breve><Brev>1</Brev><Brev>2</Brev></Breve></R>"), "/R/Breve/Brev", 2, ""},
		"OtherName":  {200, envelope("<R><brev/></R>"), "Brev", 0, "<brev>"},
		"Fault":      {500, envelope("<e:Fault><faultcode>Client.Nej</faultcode></e:Fault>"), "Brev", 0, "Client.Nej"},
		"NotAllowed": {401, "", "Brev", 0, "auth"},
		"Page":       {200, "<html/>", "Brev", 0, "SOAP"},
		"Cut":        {200, "<e:Envelope xmlns:e='x'><e:Body><R><Brev>", "Brev", 0, "XML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCanned(t, c.status, "text/xml", c.answer)
			s := openSource(t, SourceConfig{
				Service: Service{Type: "soap", URL: server.URL, Namespace: "urn:x"}, Operation: Operation{Operation: "Hent"}, Element: c.element,
			}, connector.Env{})
			b, err := s.Read(t.Context(), "")
			if len(b.Records) != c.records || (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d records, %v; want %d, %q", len(b.Records), err, c.records, c.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	service := Service{Type: "soap", URL: "https://a/b", Namespace: "urn:x"}
	operation := Operation{Operation: "Send", FelterOrden: []string{"a"}}
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"EmptySource": {SourceConfig{}.Validate(), "element namespace operation url"},
		"EmptySink":   {SinkConfig{}.Validate(), "namespace opret passiver ret slet url"},
		"Source":      {SourceConfig{Service: service, Operation: Operation{Operation: "Hent"}, Element: "x"}.Validate(), ""},
		"Sink":        {SinkConfig{Service: service, Operation: operation}.Validate(), ""},
		"Variants":    {SinkConfig{Service: service, Opret: &operation, Ret: &Operation{}}.Validate(), "passiver ret.felter_orden ret.operation slet"},
		"Order": {SinkConfig{
			Service: service, NoegleFelt: "n", Operation: Operation{Operation: "a b", FelterOrden: []string{"l.0.x", "a", "a"}},
		}.Validate(), "felter_orden felter_orden felter_orden operation"},
		"Lookup": {SinkConfig{Service: service, Operation: operation, Opslag: &Lookup{}}.Validate(), "opslag.felter opslag.fundet opslag.operation"},
		"LookupOrder": {SinkConfig{Service: service, Operation: operation, Opslag: &Lookup{
			Operation: Operation{Operation: "Find", FelterOrden: []string{"a"}}, Felter: map[string]string{"a": "{{noegle}}", "b": "{{"}, Fundet: "x",
		}}.Validate(), "opslag.felter.b opslag.felter_orden"},
		"Position": {SourceConfig{
			Service: service, Operation: Operation{Operation: "Hent"}, Element: "x", Felter: map[string]string{"Efter": "{{position}}"},
		}.Validate(), "position_felt"},
		"NoPosition": {SourceConfig{Service: service, Operation: Operation{Operation: "Hent"}, Element: "x", PositionFelt: "Nr"}.Validate(), "felter"},
	} {
		var got []string
		for _, p := range c.problems {
			got = append(got, p.Path)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: problems %v, want %s", name, c.problems, c.want)
		}
	}
}
