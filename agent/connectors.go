package agent

import (
	"fmt"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/folderc"
	"github.com/moxkit/mox/connector/httpc"
	"github.com/moxkit/mox/connector/soapc"
	"github.com/moxkit/mox/connector/sqlc"
)

// sourceFor and sinkFor are a connector's config, decoded and checked, ready to be opened.
type (
	sourceFor interface {
		Validate() []connector.Problem
	}
	aabnSource func(connector.Env) (connector.Source, error)
	aabnSink   func(connector.Env) (connector.Sink, error)
)

// sourceConfig decodes and checks the config of a source's connector; the connectors are listed here and nowhere else.
func sourceConfig(l *linter, n node, type_ string) (sourceFor, aabnSource) {
	switch type_ {
	case "folder":
		c := &folderc.SourceConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Source, error) { return folderc.NewSource(*c, e) }
	case "http":
		c := &httpc.SourceConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Source, error) { return httpc.NewSource(*c, e) }
	case "sql":
		c := &sqlc.SourceConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Source, error) { return sqlc.NewSource(*c, e) }
	case "soap":
		c := &soapc.SourceConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Source, error) { return soapc.NewSource(*c, e) }
	}
	return nil, nil
}

// sinkConfig decodes and checks the config of a sink's connector.
func sinkConfig(l *linter, n node, type_ string) (sourceFor, aabnSink) {
	switch type_ {
	case "folder":
		c := &folderc.SinkConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Sink, error) { return folderc.NewSink(*c, e) }
	case "http":
		c := &httpc.SinkConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Sink, error) { return httpc.NewSink(*c, e) }
	case "sql":
		c := &sqlc.SinkConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Sink, error) { return sqlc.NewSink(*c, e) }
	case "soap":
		c := &soapc.SinkConfig{}
		return decoded(l, n, c), func(e connector.Env) (connector.Sink, error) { return soapc.NewSink(*c, e) }
	}
	return nil, nil
}

// decoded reads the node into c, or gives nil after a problem.
func decoded[C sourceFor](l *linter, n node, c C) sourceFor {
	if !l.decode(n.Node, c) {
		return nil
	}
	return c
}

const forbindelser = "folder, http, sql eller soap"

// connectorType is the type of connector that a from or to names.
func (l *linter) connectorType(path string, n node) (string, bool) {
	if n.Node == nil {
		l.fail(l.at(path), "skriv fx «{type: folder, path: ud, …}»", "%s mangler", path[lastDot(path)+1:])
		return "", false
	}
	var t struct {
		Type string `yaml:"type"`
	}
	if err := decodeLoest(n, &t); err != nil {
		l.yamlFejl(err)
		return "", false
	}
	return t.Type, true
}

// connectorProblems tells what the connector says against its config.
func (l *linter) connectorProblems(path, type_ string, c sourceFor) {
	if c == nil {
		if type_ == "" || !kendtType(type_) {
			l.fail(l.at(path), "brug "+forbindelser, "forbindelsen %q kendes ikke", type_)
		}
		return
	}
	for _, p := range c.Validate() {
		l.fail(l.at(path+"."+p.Path), p.Hint, "%s: %s", p.Path, p.Text)
	}
}

func kendtType(t string) bool {
	switch t {
	case "folder", "http", "sql", "soap":
		return true
	}
	return false
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
