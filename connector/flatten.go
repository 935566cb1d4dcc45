package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// SelfField is the field name of a value that has no name of its own: a record that is a bare string or number, and
// the text of an XML element that also has children ("sag.#text").
const SelfField = "#text"

// Limits on what is flattened: beyond them the input is refused, since no system's record looks so.
const (
	MaxDepth  = 64     // levels below the record
	MaxFields = 10_000 // values in a record
)

// flat gathers the fields of one record.
type flat map[string]string

// put sets a field. Two values at one name are refused: one of them would be lost in silence.
func (f flat) put(name, value string) error {
	if name == "" {
		name = SelfField
	}
	if _, taken := f[name]; taken {
		return fmt.Errorf("feltet %q er der to gange", name)
	}
	if len(f) >= MaxFields {
		return fmt.Errorf("posten har over %d felter", MaxFields)
	}
	if strings.ContainsRune(value, 0) {
		return fmt.Errorf("feltet %q indeholder tegnet NUL (U+0000)", name)
	}
	f[name] = value
	return nil
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// FlattenJSON makes flat fields of one JSON value: {"a":{"b":[1,"x"]}} is a.b.0 = "1", a.b.1 = "x". Numbers stand as they
// are written, booleans are "true" and "false"; null, {} and [] have no field; a bare value is [SelfField]. A name that
// occurs twice is an error, and so is text after the value.
func FlattenJSON(data []byte) (map[string]string, error) {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	f := flat{}
	if err := f.json(d, "", 0); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("der er tekst efter JSON-værdien")
	}
	return f, nil
}

func (f flat) json(d *json.Decoder, path string, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("data er indlejret i over %d niveauer", MaxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return jsonError(err)
	}
	switch v := t.(type) {
	case json.Delim:
		return f.jsonNested(d, v, path, depth)
	case string:
		return f.put(path, v)
	case json.Number:
		return f.put(path, v.String())
	case bool:
		return f.put(path, strconv.FormatBool(v))
	}
	return nil // null
}

func (f flat) jsonNested(d *json.Decoder, open json.Delim, path string, depth int) error {
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return jsonError(err)
			}
			if name, _ = t.(string); name == "" {
				return errors.New("et felt uden navn")
			}
			if seen[name] {
				return fmt.Errorf("feltet %q er der to gange", join(path, name))
			}
			seen[name] = true
		}
		if err := f.json(d, join(path, name), depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token() // the closing ] or }
	return jsonError(err)
}

// jsonError says what is wrong with the JSON; the decoder's own texts name at most one character.
func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON slutter midt i en værdi")
	}
	if err != nil {
		return fmt.Errorf("ikke gyldig JSON: %w", err)
	}
	return nil
}

// Subtree gives the fields below path ("items.0"), their names shortened by it; path "" gives all.
func Subtree(fields map[string]string, path string) map[string]string {
	if path == "" {
		return fields
	}
	below := map[string]string{}
	for name, value := range fields {
		if name == path {
			below[SelfField] = value
		} else if rest, ok := strings.CutPrefix(name, path+"."); ok {
			below[rest] = value
		}
	}
	return below
}

// Condition is a test on the flat fields of an answer: "items.0.id" (is there, or something below it is) or
// "Fundet=true" (has that value).
type Condition string

// Holds reports whether fields fulfil the condition.
func (c Condition) Holds(fields map[string]string) bool {
	path, want, valued := strings.Cut(string(c), "=")
	if valued {
		got, ok := fields[strings.TrimSpace(path)]
		return ok && got == strings.TrimSpace(want)
	}
	return len(Subtree(fields, strings.TrimSpace(path))) > 0
}
