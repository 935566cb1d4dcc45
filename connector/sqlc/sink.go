package sqlc

import (
	"context"
	"fmt"
	"io"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// DefaultContent is the greatest document written where max_indhold is not set.
const DefaultContent = 32 * connector.MiB

// The codes of a [Sink]'s answers.
const (
	CodeOK         = "ok"
	CodeConstraint = "constraint" // the database refused: a key taken, a rule broken, a trigger's RAISE
	CodeNoRow      = "ingen"      // the statement was fine and changed no row: there was nothing to update
)

// SinkConfig describes statements to write with.
//
// A statement uses values by :name: the call's fields ("part.navn" is :part_navn), documents as blobs, the call's other
// names (:key, :besked_version) and :noegle, its idempotency key. A field goes before another name that is the same.
type SinkConfig struct {
	Type       string             `yaml:"type" json:"type"`                 // "sql"
	Driver     string             `yaml:"driver" json:"driver"`             // sqlite or postgres
	DSN        string             `yaml:"dsn" json:"dsn"`                   // sqlite: path of the database file, which must exist; postgres: postgres://user@host/database
	Kodeord    string             `yaml:"kodeord" json:"kodeord,omitempty"` // postgres: reference to the user's password
	CA         string             `yaml:"ca" json:"ca,omitempty"`           // postgres: file with root certificates (PEM) instead of the machine's
	Timeout    connector.Duration `yaml:"timeout" json:"timeout,omitempty"` // of one call; default 1m
	Exec       string             `yaml:"exec" json:"exec,omitempty"`       // for operations without their own; with RETURNING, its first row is the answer's fields
	Opret      string             `yaml:"opret" json:"opret,omitempty"`
	Ret        string             `yaml:"ret" json:"ret,omitempty"`
	Passiver   string             `yaml:"passiver" json:"passiver,omitempty"`
	Slet       string             `yaml:"slet" json:"slet,omitempty"`
	Opslag     string             `yaml:"opslag" json:"opslag,omitempty"`           // query that gives a row when the effect is there; the row is the answer's fields
	MaxIndhold connector.Size     `yaml:"max_indhold" json:"max_indhold,omitempty"` // of one document; default 32 MiB
}

func (c SinkConfig) statements() map[string]string {
	return map[string]string{"opret": c.Opret, "ret": c.Ret, "passiver": c.Passiver, "slet": c.Slet}
}

func (c SinkConfig) connection() connection {
	return connection{driver: c.Driver, dsn: c.DSN, kodeord: c.Kodeord, ca: c.CA, timeout: c.Timeout.Or(DefaultTimeout)}
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "sql")
	c.connection().check(&p)
	for _, name := range []string{"opret", "ret", "passiver", "slet"} {
		if c.statements()[name] == "" && c.Exec == "" {
			p.Add(name, "mangler, og der er ingen exec for alle", "skriv en sætning, eller exec for dem, der ikke har deres egen")
		}
	}
	return p.List()
}

// TemplateNames gives the :names that the statements use, by YAML key.
func (c SinkConfig) TemplateNames() map[string][]string {
	used := map[string][]string{}
	all := c.statements()
	all["exec"], all["opslag"] = c.Exec, c.Opslag
	for path, statement := range all {
		if names := params(c.Driver, statement); len(names) > 0 {
			used[path] = names
		}
	}
	return used
}

// Sink writes with statements, each call in one transaction.
type Sink struct {
	config SinkConfig
	db     engine
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. The database is opened at the first use.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	c.Opslag = trimQuery(c.Opslag)
	db, err := c.connection().open(env)
	if err != nil {
		return nil, err
	}
	return &Sink{config: c, db: db}, nil
}

const opWrite = "skriv i databasen"

// Write implements [connector.Sink].
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	statement := s.config.statements()[c.Operation]
	if statement == "" {
		statement = s.config.Exec
	}
	if statement == "" {
		return connector.Answer{}, connector.Refused(opWrite, fmt.Errorf("sinken har ingen %q og ingen exec", c.Operation))
	}
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	values, err := s.args(ctx, statement, c)
	if err != nil {
		return connector.Answer{}, connector.Refused(opWrite, err)
	}
	a, err := s.db.write(ctx, statement, values)
	if err != nil {
		return connector.Answer{}, s.db.failure(opWrite, err)
	}
	return a, nil
}

// args gives the values of the names that a statement uses.
func (s *Sink) args(ctx context.Context, statement string, c connector.Call) (map[string]any, error) {
	values, err := s.values(c)
	if err != nil {
		return nil, err
	}
	args := map[string]any{}
	for _, name := range params(s.config.Driver, statement) {
		v, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("sætningen bruger :%s, og kaldet har intet felt eller navn, der hedder det; ret sætningen eller mappen (et tomt felt skal være null)", name)
		}
		if open, isContent := v.(connector.Opener); isContent {
			if v, err = s.content(ctx, name, open); err != nil {
				return nil, err
			}
		}
		args[name] = v
	}
	return args, nil
}

// values gives what the statements can use, by :name.
func (s *Sink) values(c connector.Call) (map[string]any, error) {
	values := map[string]any{"noegle": c.Key}
	for name, v := range c.Vars {
		values[paramName(name)] = v
	}
	fields := map[string]string{}
	put := func(field string, v any) error {
		name := paramName(field)
		if other, taken := fields[name]; taken {
			return fmt.Errorf("felterne %q og %q bliver begge :%s", other, field, name)
		}
		fields[name], values[name] = field, v
		return nil
	}
	for field, v := range c.Fields {
		if _, replaced := c.Content[field]; replaced {
			continue
		}
		if err := put(field, v); err != nil {
			return nil, err
		}
	}
	for field, open := range c.Content {
		if err := put(field, open); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (s *Sink) content(ctx context.Context, name string, open connector.Opener) ([]byte, error) {
	r, err := connector.OpenContent(ctx, name, open, s.config.MaxIndhold.Or(DefaultContent))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Lookup implements [connector.Sink].
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	const op = "opslag i databasen"
	if s.config.Opslag == "" {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	values, err := s.args(ctx, s.config.Opslag, c)
	if err != nil {
		return connector.Answer{}, false, connector.Refused(op, err)
	}
	a, found := connector.Answer{Code: CodeOK}, false
	err = s.db.rows(ctx, s.config.Opslag, values, func(fields map[string]string, broken error) (bool, error) {
		a.Fields, found = fields, true
		return false, broken
	})
	if err != nil {
		return connector.Answer{}, false, s.db.failure(op, err)
	}
	return a, found, nil
}

// Check implements [connector.Sink]: it has the database explain the statements, which runs none of them.
func (s *Sink) Check(ctx context.Context) error {
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	all := s.config.statements()
	all["exec"], all["opslag"] = s.config.Exec, s.config.Opslag
	return s.db.explain(ctx, all)
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.db.close() }
