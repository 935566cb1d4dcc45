package agent

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/amqpc"
	"github.com/moxkit/mox/connector/folderc"
	"github.com/moxkit/mox/connector/httpc"
	"github.com/moxkit/mox/connector/mailc"
	"github.com/moxkit/mox/connector/sftpc"
	"github.com/moxkit/mox/connector/soapc"
	"github.com/moxkit/mox/connector/sqlc"
)

// sourceFor and sinkFor are a connector's config, to be decoded and checked; aabnSource and aabnSink open it.
type (
	sourceFor interface {
		Validate() []connector.Problem
	}
	sinkFor interface {
		sourceFor
		// TemplateNames gives the names that the config's templates use, by YAML key.
		TemplateNames() map[string][]string
	}
	aabnSource func(connector.Env) (connector.Source, error)
	aabnSink   func(connector.Env) (connector.Sink, error)
)

// What from and to may name.
const (
	kildetyper = "folder, sftp, http, sql, soap, imap eller amqp"
	sinktyper  = "folder, sftp, http, sql, soap, smtp eller amqp"
)

// nySource is an empty config of the type's source; nil for an unknown type. The connectors are listed here and in nySink,
// and nowhere else.
func nySource(type_ string) (sourceFor, aabnSource) {
	switch type_ {
	case "folder":
		c := &folderc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return folderc.NewSource(*c, e) }
	case "sftp":
		c := &sftpc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return sftpc.NewSource(*c, e) }
	case "http":
		c := &httpc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return httpc.NewSource(*c, e) }
	case "sql":
		c := &sqlc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return sqlc.NewSource(*c, e) }
	case "soap":
		c := &soapc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return soapc.NewSource(*c, e) }
	case "imap":
		c := &mailc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return mailc.NewSource(*c, e) }
	case "amqp":
		c := &amqpc.SourceConfig{}
		return c, func(e connector.Env) (connector.Source, error) { return amqpc.NewSource(*c, e) }
	}
	return nil, nil
}

// nySink is an empty config of the type's sink; nil for an unknown type.
func nySink(type_ string) (sinkFor, aabnSink) {
	switch type_ {
	case "folder":
		c := &folderc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return folderc.NewSink(*c, e) }
	case "sftp":
		c := &sftpc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return sftpc.NewSink(*c, e) }
	case "http":
		c := &httpc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return httpc.NewSink(*c, e) }
	case "sql":
		c := &sqlc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return sqlc.NewSink(*c, e) }
	case "soap":
		c := &soapc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return soapc.NewSink(*c, e) }
	case "smtp":
		c := &mailc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return mailc.NewSink(*c, e) }
	case "amqp":
		c := &amqpc.SinkConfig{}
		return c, func(e connector.Env) (connector.Sink, error) { return amqpc.NewSink(*c, e) }
	}
	return nil, nil
}

// connectorType is the type of connector that a from or to names, one of typer.
func (l *linter) connectorType(path string, n node, kendt func(string) bool, typer string) (string, bool) {
	if n.Node == nil {
		l.fail(l.at(path), "skriv fx «{type: folder, path: ud, …}»", "%s mangler", path[strings.LastIndex(path, ".")+1:])
		return "", false
	}
	var t struct {
		Type string `yaml:"type"`
	}
	if err := decodeLoest(n, &t); err != nil {
		l.yamlFejl(err)
		return "", false
	}
	if !kendt(t.Type) {
		l.fail(l.at(path+".type"), "brug "+typer, "forbindelsen %q kendes ikke", t.Type)
		return "", false
	}
	return t.Type, true
}

func erKilde(type_ string) bool { c, _ := nySource(type_); return c != nil }
func erSink(type_ string) bool  { c, _ := nySink(type_); return c != nil }

// connector decodes a connector's config into c, and tells what it says against itself.
func (l *linter) connector(path string, n node, c sourceFor) bool {
	if !l.decode(n.Node, c) {
		return false
	}
	problemer := c.Validate()
	for _, p := range problemer {
		l.fail(l.at(path+"."+p.Path), p.Hint, "%s: %s", p.Path, p.Text)
	}
	return len(problemer) == 0
}

// gentagelse holds the way a repeat is made harmless against what the connector has been told to do.
func (l *linter) gentagelse(path string, k *SinkSpec, c sinkFor) {
	_, mail := c.(*mailc.SinkConfig)
	_, amqp := c.(*amqpc.SinkConfig)
	switch {
	case amqp && k.Gentag == GentagOpslag:
		l.fail(l.at(path+".gentag"), "vælg noegle, hvis modtageren kender en gentagelse på message-id, ellers nej", "en kø kan ikke spørges: gentag kan ikke være opslag")
	case mail && k.Gentag != GentagNej && k.Gentag != GentagOpslag:
		l.fail(l.at(path+".gentag"), "vælg nej, eller opslag med «opslag: {…, mappe: Sent Items}», hvor mailserveren selv lægger kopier", "en mail, der sendes to gange, er to mails: gentag kan ikke være %s", k.Gentag)
	case k.Gentag == GentagOpslag && !kanSlaaOp(c):
		l.fail(l.at(path+".to"), "skriv, hvordan systemet spørges om vores egen reference: «opslag: …»", "gentag: opslag kræver, at to har et opslag")
	case k.Gentag == GentagNoegle && !senderNoegle(c):
		l.fail(l.at(path+".to"), noegleraad(c), "gentag: noegle kræver, at systemet får nøglen, så det kan kende en gentagelse")
	}
}

func kanSlaaOp(c sinkFor) bool {
	switch c := c.(type) {
	case *folderc.SinkConfig:
		return len(c.Opslag) > 0
	case *sftpc.SinkConfig:
		return len(c.Opslag) > 0
	case *httpc.SinkConfig:
		return c.Opslag != nil
	case *sqlc.SinkConfig:
		return c.Opslag != ""
	case *soapc.SinkConfig:
		return c.Opslag != nil
	case *mailc.SinkConfig:
		return c.Opslag != nil
	}
	return false
}

// senderNoegle reports whether the key goes to the system: in a place of its own, or in a template that is used to write.
func senderNoegle(c sinkFor) bool {
	switch c := c.(type) {
	case *httpc.SinkConfig:
		if c.Noegle != "" {
			return true
		}
	case *soapc.SinkConfig:
		return c.NoegleFelt != ""
	case *amqpc.SinkConfig:
		return true // it is each message's message-id
	}
	for sti, navne := range c.TemplateNames() {
		if !strings.HasPrefix(sti, "opslag") && slices.Contains(navne, "noegle") {
			return true
		}
	}
	return false
}

func noegleraad(c sinkFor) string {
	switch c.(type) {
	case *httpc.SinkConfig:
		return "skriv «noegle_header: Idempotency-Key», som systemet hedder den"
	case *soapc.SinkConfig:
		return "skriv «noegle_felt: Reference», det felt systemet kender gentagelser på"
	case *sqlc.SinkConfig:
		return "brug :noegle i sætningen"
	}
	return "sæt {{noegle}} ind i fil"
}

// skabeloner holds the names in the connector's templates against what a call has to give.
func (l *linter) skabeloner(path string, k *SinkSpec, c sinkFor) {
	if k.table == nil {
		return
	}
	navne := k.kaldnavne()
	_, sql := c.(*sqlc.SinkConfig)
	if sql {
		for _, n := range navne {
			navne = append(navne, sqlnavn(n), sqlnavn(strings.TrimPrefix(n, "felt.")))
		}
	}
	for sti, brugte := range c.TemplateNames() {
		for _, n := range brugte {
			if slices.Contains(navne, n) {
				continue
			}
			vist := "{{" + n + "}}"
			if sql {
				vist = ":" + n
			}
			l.fail(l.at(path+"."+sti), navneraad(k, n, sql), "%s: %s er ikke et navn, kaldet har", sti, vist)
		}
	}
}

func navneraad(k *SinkSpec, navn string, sql bool) string {
	felter := k.skrevne()
	switch {
	case strings.HasPrefix(navn, "felt."):
		return k.Map + " skriver " + strings.Join(felter, ", ")
	case strings.HasPrefix(navn, svarBesked):
		return beskedraad(navn)
	case sql:
		return "brug key, noegle, besked_… eller et af felterne " + strings.Join(felter, ", ")
	}
	return mente(navn, []string{"key", "noegle", "besked.…", "felt.…"})
}

func beskedraad(navn string) string {
	var navne []string
	for _, n := range beskednavne() {
		navne = append(navne, strings.TrimPrefix(n, svarBesked))
	}
	return mente(strings.TrimPrefix(navn, svarBesked), navne)
}

// sqlnavn is how a statement spells a name.
func sqlnavn(navn string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, navn), "_")
}

// env is the surroundings of the agent's connectors.
func (s *Spec) env(e connector.Env) connector.Env {
	e.BaseDir = s.dir()
	return e
}

func (k *SourceSpec) open(s *Spec, e connector.Env) (connector.Source, error) {
	c, err := k.aabn(s.env(e))
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", s.Agent, k.Name, err)
	}
	return c, nil
}

func (k *SinkSpec) open(s *Spec, e connector.Env) (connector.Sink, error) {
	c, err := k.aabn(s.env(e))
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", s.Agent, k.Name, err)
	}
	return c, nil
}
