package folderc

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// The codes of a [Sink]'s answers.
const (
	CodeOK    = "ok"
	CodeTaken = "findes" // a file of that name and other content is there, and findes: erstat is not set
)

// SinkConfig describes a folder to leave files in, one for each call.
//
// A file is written under another name, made safe on the disk, and renamed: the system never sees half of it. The values
// in file names may have letters a–z and æøå, digits, ".", "_" and "-"; any other is refused.
type SinkConfig struct {
	Type       string         `yaml:"type" json:"type"`                         // "folder"
	Path       string         `yaml:"path" json:"path"`                         // the folder, below the agent file's folder unless absolute
	Fil        string         `yaml:"fil" json:"fil"`                           // name of a call's file: "journal_{{key}}_{{besked.registreringID}}.csv"
	Format     string         `yaml:"format" json:"format"`                     // csv, xml or json
	Charset    string         `yaml:"charset" json:"charset,omitempty"`         // default utf-8; json is always utf-8
	Separator  string         `yaml:"separator" json:"separator,omitempty"`     // csv: default ";", and "tab" is a tabulator
	Header     *bool          `yaml:"header" json:"header,omitempty"`           // csv: a first line with the field names; default true
	Columns    []string       `yaml:"columns" json:"columns,omitempty"`         // csv and xml: the fields in order; a csv file has all of them and no others
	Root       string         `yaml:"root" json:"root,omitempty"`               // xml: an element around the record's; default none
	Element    string         `yaml:"element" json:"element,omitempty"`         // xml: the record's element
	Findes     string         `yaml:"findes" json:"findes,omitempty"`           // when a file of that name and other content is there: afvis (default) or erstat
	Indhold    string         `yaml:"indhold" json:"indhold,omitempty"`         // name of a document's file: "{{key}}_{{felt}}.pdf"; none = the sink takes no documents
	MaxIndhold connector.Size `yaml:"max_indhold" json:"max_indhold,omitempty"` // of one document; default 32 MiB
	Opslag     []string       `yaml:"opslag" json:"opslag,omitempty"`           // folders below path where the file may be by now, in the order it goes through them: [".", "laest"]
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem { return c.ValidateAs("folder") }

// ValidateAs is Validate for a connector of another type that writes the same files.
func (c SinkConfig) ValidateAs(kind string) []connector.Problem {
	var p check.Problems
	p.Type(c.Type, kind)
	p.Need("path", c.Path, "mappen, som systemet læser i")
	if p.Need("fil", c.Fil, `skriv fx "svar_{{key}}_{{besked.registreringID}}.csv"`) {
		c.checkFile(&p)
	}
	if p.Need("format", c.Format, "skriv csv, xml eller json") {
		p.OneOf("format", c.Format, "csv", "xml", "json")
	}
	p.Charset("charset", c.Charset)
	if _, err := separator(c.Separator); err != nil {
		p.Add("separator", err.Error(), `skriv ét tegn, fx ";", eller tab`)
	}
	if c.Format == "csv" && len(c.Columns) == 0 {
		p.Add("columns", "mangler", "skriv felternes navne i den rækkefølge, systemet venter")
	}
	if c.Format == "xml" {
		p.XMLName("element", c.Element)
		if c.Root != "" {
			p.XMLName("root", c.Root)
		}
	}
	p.OneOf("findes", c.Findes, "afvis", "erstat")
	p.Template("indhold", c.Indhold)
	for _, folder := range c.Opslag {
		if !filepath.IsLocal(folder) {
			p.Add("opslag", fmt.Sprintf("%q er ikke en undermappe af path", folder), `skriv fx [".", "laest"]`)
		}
	}
	return p.List()
}

func (c SinkConfig) checkFile(p *check.Problems) {
	p.Template("fil", c.Fil)
	if !strings.Contains(c.Fil, "{{") {
		p.Add("fil", "er det samme navn for alle kald", "sæt {{key}} ind")
	}
	if strings.ContainsAny(c.Fil, `/\`) || strings.HasPrefix(c.Fil, ".") {
		p.Add("fil", "er ikke et filnavn", "skriv mappen i path")
	}
}

// TemplateNames gives the names that the config's templates use, by YAML key; indhold also has {{felt}}, the document's
// field, which the sink gives itself.
func (c SinkConfig) TemplateNames() map[string][]string {
	used := check.NamesIn(map[string]string{"fil": c.Fil, "indhold": c.Indhold})
	names := slices.DeleteFunc(used["indhold"], func(name string) bool { return name == "felt" })
	if used["indhold"] = names; len(names) == 0 {
		delete(used, "indhold")
	}
	return used
}

// Sink leaves files in a folder. Its answers have the field fil, the name of the file.
type Sink struct {
	config  SinkConfig
	place   Place
	charset connector.Charset
	name    connector.Template
	content connector.Template
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. The folder is looked at by the first call.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	return NewSinkAt(local(env.Path(c.Path)), c)
}

// NewSinkAt makes a sink on a folder anywhere; c has been validated, but for its type and path.
func NewSinkAt(place Place, c SinkConfig) (*Sink, error) {
	s := &Sink{config: c, place: place}
	var err1, err2, err3 error
	s.charset, err1 = connector.CharsetByName(c.Charset)
	s.name, err2 = connector.ParseTemplate(c.Fil)
	s.content, err3 = connector.ParseTemplate(c.Indhold)
	return s, errors.Join(err1, err2, err3)
}

const opWrite = "skriv fil"

// Write implements [connector.Sink]. A file with the same name and content is there from an earlier attempt, and is a
// success.
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	name, err := s.name.Expand(c.Var, fileNamePart)
	if err == nil {
		err = checkFileName(name)
	}
	if err != nil {
		return connector.Answer{}, connector.Refused(opWrite, fmt.Errorf("fil: %w", err))
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return connector.Answer{}, s.place.failure(opWrite, err)
	}
	defer dir.Close()
	names, fields, err := s.nameDocuments(c)
	if err != nil {
		return connector.Answer{}, connector.Refused(opWrite, err)
	}
	data, err := s.encode(ctx, fields)
	if err != nil {
		return connector.Answer{}, connector.Refused(opWrite, err)
	}
	a, done, err := s.existing(dir, name, data)
	if done || err != nil {
		return a, err
	}
	for field, document := range names { // before the file that tells of them
		if err := s.writeDocument(ctx, dir, document, field, c.Content[field]); err != nil {
			return connector.Answer{}, err
		}
	}
	if err := s.write(ctx, dir, name, bytes.NewReader(data)); err != nil {
		return connector.Answer{}, err
	}
	return a, nil
}

// existing looks for a file of the call's name. Unless there is none, or it is to be replaced, the call is done: it was
// written by an earlier attempt, or the name is taken.
func (s *Sink) existing(dir Dir, name string, data []byte) (a connector.Answer, done bool, err error) {
	a = connector.Answer{Code: CodeOK, Fields: map[string]string{"fil": name}}
	old, err := readAtMost(dir, name, len(data)+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, false, nil
	case err != nil:
		return connector.Answer{}, false, s.place.failure(opWrite, err)
	case bytes.Equal(old, data):
		return a, true, nil
	case s.config.Findes != "erstat":
		a.Code, a.Text = CodeTaken, "der er en fil med samme navn og andet indhold; systemet har ikke taget den endnu"
		return a, true, nil
	}
	return a, false, nil
}

func readAtMost(dir Dir, name string, n int) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it is only read
	return io.ReadAll(io.LimitReader(f, int64(n)))
}

// nameDocuments gives each document its file name, which is then the value of its field.
func (s *Sink) nameDocuments(c connector.Call) (names map[string]string, fields map[string]any, err error) {
	if len(c.Content) == 0 {
		return nil, c.Fields, nil
	}
	if s.config.Indhold == "" {
		return nil, nil, errors.New(`kaldet har dokumenter, og sinken skriver ingen; skriv indhold: "{{key}}_{{felt}}.pdf"`)
	}
	names, fields = map[string]string{}, make(map[string]any, len(c.Fields)+len(c.Content))
	maps.Copy(fields, c.Fields)
	taken := map[string]bool{}
	for field := range c.Content {
		name, err := s.content.Expand(func(n string) (string, bool) {
			if n == "felt" {
				return field, true
			}
			return c.Var(n)
		}, fileNamePart)
		if err == nil {
			err = checkFileName(name)
		}
		if err == nil && taken[name] {
			err = errors.New("to dokumenter i kaldet får samme filnavn; sæt {{felt}} ind")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("indhold: %w", err)
		}
		taken[name] = true
		names[field], fields[field] = name, name
	}
	return names, fields, nil
}

func (s *Sink) writeDocument(ctx context.Context, dir Dir, name, field string, open connector.Opener) error {
	r, err := connector.OpenContent(ctx, field, open, s.config.MaxIndhold.Or(DefaultContent))
	if err != nil {
		return err
	}
	defer r.Close()
	return s.write(ctx, dir, name, r)
}

// write makes a file that is either there with all its bytes, or not. What fails before the rename has had no effect.
func (s *Sink) write(ctx context.Context, dir Dir, name string, r io.Reader) error {
	temp := tempName()
	if err := writeTemp(ctx, dir, temp, r); err != nil {
		_ = dir.Remove(temp) // there may be none, and it is never read
		var e *connector.Error
		if errors.As(err, &e) || !isFileError(err) {
			return connector.Refused(opWrite, err)
		}
		return s.place.failure(opWrite, err)
	}
	err := dir.Rename(temp, name)
	if err != nil && !errors.Is(err, ErrLost) {
		_ = dir.Remove(temp)
		return s.place.failure(opWrite, err)
	}
	if err == nil {
		err = dir.Sync()
	}
	if err != nil {
		e := s.place.failure(opWrite, err)
		e.Unknown = true
		return e
	}
	return nil
}

func isFileError(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p)
}

// tempName gives a name that no source reads.
func tempName() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return ".mox-" + hex.EncodeToString(b) + ".tmp"
}

func writeTemp(ctx context.Context, dir Dir, temp string, r io.Reader) error {
	f, err := dir.Create(temp, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &canceled{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// canceled is a reader that fails when its context is done.
type canceled struct {
	ctx context.Context
	r   io.Reader
}

func (c *canceled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, &connector.Error{Op: opWrite, Err: err, Temporary: true}
	}
	return c.r.Read(p)
}

// encode writes a call's fields in the file's format and charset.
func (s *Sink) encode(ctx context.Context, fields map[string]any) ([]byte, error) {
	switch s.config.Format {
	case "csv":
		return s.csv(fields)
	case "xml":
		return s.xml(ctx, fields)
	}
	tree, err := connector.Nest(fields, nil)
	if err != nil {
		return nil, err
	}
	w := connector.Writer{Ctx: ctx}
	data, err := w.JSON(tree)
	return append(data, '\n'), err
}

func (s *Sink) xml(ctx context.Context, fields map[string]any) ([]byte, error) {
	for name, v := range fields {
		if err := s.holds(name, v); err != nil {
			return nil, err
		}
	}
	tree, err := connector.Nest(fields, s.config.Columns)
	if err != nil {
		return nil, err
	}
	w := connector.Writer{Ctx: ctx}
	record, err := w.XML(s.config.Element, tree)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if strings.HasPrefix(s.charset.String(), "utf-16") {
		b.WriteRune('\uFEFF') // XML in UTF-16 begins with a byte order mark
	}
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"%s\"?>\n", declared(s.charset))
	if s.config.Root != "" {
		fmt.Fprintf(&b, "<%s>%s</%[1]s>\n", s.config.Root, record)
	} else {
		fmt.Fprintf(&b, "%s\n", record)
	}
	return s.charset.Encode(b.String())
}

// declared gives the name that XML has for a charset.
func declared(c connector.Charset) string {
	if strings.HasPrefix(c.String(), "utf-16") {
		return "utf-16"
	}
	return strings.Replace(c.String(), "cp8", "ibm8", 1)
}

// holds reports as an error a value with a character that the file's charset does not have.
func (s *Sink) holds(name string, v any) error {
	text, err := connector.Scalar(v)
	if err == nil {
		_, err = s.charset.Encode(text)
	}
	if err != nil {
		return fmt.Errorf("feltet %q: %w", name, err)
	}
	return nil
}

func (s *Sink) csv(fields map[string]any) ([]byte, error) {
	for name := range fields {
		if !slices.Contains(s.config.Columns, name) {
			return nil, fmt.Errorf("feltet %q står ikke i columns; skriv det, eller lad mappen udelade det", name)
		}
	}
	sep, err := separator(s.config.Separator)
	if err != nil {
		return nil, err
	}
	var header, row []string
	for _, name := range s.config.Columns {
		if err := s.holds(name, fields[name]); err != nil {
			return nil, err
		}
		text, err := connector.Scalar(fields[name])
		if err != nil {
			return nil, fmt.Errorf("feltet %q: %w", name, err)
		}
		header, row = append(header, quote(name, sep)), append(row, quote(text, sep))
	}
	lines := strings.Join(row, string(sep)) + "\r\n"
	if s.config.Header == nil || *s.config.Header {
		lines = strings.Join(header, string(sep)) + "\r\n" + lines
	}
	return s.charset.Encode(lines)
}

// quote puts a field in quotes where it would be read wrongly without.
func quote(text string, sep rune) string {
	if !strings.ContainsRune(text, sep) && !strings.ContainsAny(text, "\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// fileNamePart lets through what is harmless in a file name on every system.
func fileNamePart(_, value string) (string, error) {
	if value == "" {
		return "", errors.New("den er tom")
	}
	for i, r := range []rune(value) {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-æøåÆØÅ", r)
		if !ok {
			return "", fmt.Errorf("tegn %d (U+%04X) kan ikke stå i et filnavn", i+1, r)
		}
	}
	return value, nil
}

func checkFileName(name string) error {
	switch {
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part"):
		return errors.New("navnet ligner en fil, der ikke er skrevet færdig")
	case len(name) > 200:
		return errors.New("navnet er over 200 tegn")
	}
	return nil
}

// Lookup implements [connector.Sink]: it looks for the call's file in each folder of opslag, in the order in which the
// system moves it along, so that it cannot slip from one not yet looked at to one already looked at.
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	const op = "opslag efter fil"
	if len(s.config.Opslag) == 0 {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	name, err := s.name.Expand(c.Var, fileNamePart)
	if err != nil {
		return connector.Answer{}, false, connector.Refused(op, fmt.Errorf("fil: %w", err))
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return connector.Answer{}, false, s.place.failure(op, err)
	}
	defer dir.Close()
	for _, folder := range s.config.Opslag {
		// A folder that is not there is an error: a misspelt name must not count as "not found".
		if _, err := dir.Stat(folder); err != nil {
			return connector.Answer{}, false, s.place.below(folder, op, err)
		}
		_, err := dir.Lstat(path.Join(folder, name))
		if err == nil {
			return connector.Answer{Code: CodeOK, Fields: map[string]string{"fil": name}}, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return connector.Answer{}, false, s.place.failure(op, err)
		}
	}
	return connector.Answer{}, false, nil
}

// Check implements [connector.Sink]: files can be made in the folder. It leaves nothing behind.
func (s *Sink) Check(ctx context.Context) error {
	const op = "skriv i mappe"
	dir, err := s.place.Open(ctx)
	if err != nil {
		return s.place.failure(op, err)
	}
	defer dir.Close()
	if err := probe(dir); err != nil {
		return s.place.failure(op, err)
	}
	for _, folder := range s.config.Opslag {
		if _, err := dir.Stat(folder); err != nil {
			return s.place.below(folder, "opslag efter fil", err)
		}
	}
	return nil
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.place.close() }
