// Package check gathers what is wrong in a connector's config.
package check

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox/connector"
)

// Problems is what was found so far. The zero value is empty.
type Problems struct{ found []connector.Problem }

// List gives the problems; nil when there are none.
func (p *Problems) List() []connector.Problem { return p.found }

// Add adds a problem at the YAML key path.
func (p *Problems) Add(path, text, hint string) {
	p.found = append(p.found, connector.Problem{Path: path, Text: text, Hint: hint})
}

// Within adds problems of a part of the config, whose keys are below path.
func (p *Problems) Within(path string, part []connector.Problem) {
	for _, q := range part {
		q.Path = path + "." + q.Path
		p.found = append(p.found, q)
	}
}

// Need reports a key without value, and whether it has one.
func (p *Problems) Need(path, value, hint string) bool {
	if strings.TrimSpace(value) == "" {
		p.Add(path, "mangler", hint)
		return false
	}
	return true
}

// OneOf reports a value that is none of allowed; "" is allowed, as the default.
func (p *Problems) OneOf(path, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		p.Add(path, fmt.Sprintf("%q er ikke en mulighed", value), "skriv "+strings.Join(allowed, " eller "))
	}
}

// Type reports a type that is not this connector's.
func (p *Problems) Type(value, want string) { p.OneOf("type", value, want) }

// Listing checks the part that all sources share.
func (p *Problems) Listing(l connector.Listing) {
	p.OneOf("eksport", l.Eksport, connector.EksportAendringer, connector.EksportFuld)
	if _, err := time.LoadLocation(l.Tidszone); err != nil {
		p.Add("tidszone", fmt.Sprintf("%q kendes ikke", l.Tidszone), "skriv fx Europe/Copenhagen")
	}
}

// Template reports a text that is no template.
func (p *Problems) Template(path, text string) {
	if _, err := connector.ParseTemplate(text); err != nil {
		p.Add(path, err.Error(), "")
	}
}

// XMLName reports a text that cannot be the name of an element.
func (p *Problems) XMLName(path, name string) {
	if p.Need(path, name, "navnet på et XML-element") && !connector.IsXMLName(name) {
		p.Add(path, fmt.Sprintf("%q kan ikke være navnet på et XML-element", name), "skriv det uden mellemrum og tegn")
	}
}

// Charset reports a charset that is not known.
func (p *Problems) Charset(path, name string) {
	if _, err := connector.CharsetByName(name); err != nil {
		p.Add(path, err.Error(), "")
	}
}

// Secret reports a secret that is not a reference. Its value is never repeated: it may be the secret itself.
func (p *Problems) Secret(path, ref string) {
	if !connector.IsSecretRef(ref) {
		p.Add(path, "er ikke en henvisning til en hemmelighed", "skriv env:NAVN eller file:STI")
	}
}

// URL reports an address that is not a whole http or https address, or that carries a password. Names in {{}} may stand
// in its path and query.
func (p *Problems) URL(path, address string) {
	const hint = "skriv hele adressen: https://system.kommune.dk/api"
	if !p.Need(path, address, hint) {
		return
	}
	p.Template(path, address)
	before, _, _ := strings.Cut(address, "{{")
	u, err := url.Parse(before)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		p.Add(path, "er ikke en http- eller https-adresse", hint)
	case u.User != nil:
		p.Add(path, "adressen indeholder bruger eller kodeord", "brug auth")
	case before != address && u.Path == "":
		p.Add(path, "et {{navn}} må ikke stå i værtsnavnet", "skriv det efter værtsnavnet")
	}
}

// HostPort reports a text that is neither a host nor a host and a port.
func (p *Problems) HostPort(path, host string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "1"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || name == "" || strings.ContainsAny(name, "/@ ") {
		p.Add(path, fmt.Sprintf("%q er ikke et værtsnavn, med eller uden port", host), "skriv fx server.kommune.dk eller server.kommune.dk:2222")
	}
}

// Below reports an address that is not at the host of base: the login must not be sent elsewhere.
func (p *Problems) Below(path, base, address string) {
	p.Template(path, address)
	literal, _, _ := strings.Cut(base, "{{")
	b, err := url.Parse(literal)
	if err != nil {
		return // base has its own problem
	}
	plain := strings.NewReplacer("{{", "", "}}", "", " ", "").Replace(address)
	if u, err := b.Parse(plain); err != nil || u.Host != b.Host || u.Scheme != b.Scheme {
		p.Add(path, "er ikke en adresse på samme vært som url", "skriv stien: /api/sager/{{key}}")
	}
}

// Condition reports a test without a field to test.
func (p *Problems) Condition(path string, c connector.Condition) {
	field, _, _ := strings.Cut(string(c), "=")
	p.Need(path, field, `et felt i svaret ("items.0.id"), eller felt og værdi ("Fundet=true")`)
}

// Names reports names in a template that are none of known.
func (p *Problems) Names(path, text string, known ...string) {
	names, err := connector.TemplateNames(text)
	if err != nil {
		p.Add(path, err.Error(), "")
		return
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			p.Add(path, fmt.Sprintf("{{%s}} er ukendt her", n), "skriv {{"+strings.Join(known, "}} eller {{")+"}}")
		}
	}
}

// NamesIn gives the names used by each of the templates (YAML key → text), those without names left out.
func NamesIn(templates map[string]string) map[string][]string {
	used := map[string][]string{}
	for path, text := range templates {
		if names, err := connector.TemplateNames(text); err == nil && len(names) > 0 {
			used[path] = names
		}
	}
	return used
}

// Auth checks a login.
func (p *Problems) Auth(a connector.Auth) {
	n := 0
	if b := a.Basic; b != nil {
		n++
		p.Need("auth.basic.bruger", b.Bruger, "brugernavnet hos systemet")
		p.Secret("auth.basic.kodeord", b.Kodeord)
	}
	if b := a.Bearer; b != nil {
		n++
		p.Secret("auth.bearer.token", b.Token)
	}
	if o := a.OAuth2; o != nil {
		n++
		p.URL("auth.oauth2.token_url", o.TokenURL)
		p.Need("auth.oauth2.client_id", o.ClientID, "systemets klient-id for MOX")
		p.Secret("auth.oauth2.client_secret", o.ClientSecret)
	}
	if n > 1 {
		p.Add("auth", "der er mere end én login-metode", "vælg én af basic, bearer og oauth2")
	}
}
