package kopi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/moxkit/mox/store"
)

// A row is one line: {"kolonne": værdi, …}. Numbers, texts, true, false and null are JSON's own; bytes are
// {"tekst": "…"} where they are UTF-8, so that people can read them, else {"base64": "…"}.

// skrivRaekke appends a row as a line.
func skrivRaekke(ud []byte, kolonner []string, v []any) ([]byte, error) {
	tegn := "{"
	for i, k := range kolonner {
		ud = append(ud, tegn+`"`+k+`":`...)
		tegn = ","
		var err error
		if ud, err = skrivVaerdi(ud, v[i]); err != nil {
			return ud, fmt.Errorf("%s: %w", k, err)
		}
	}
	return append(ud, '}', '\n'), nil
}

func skrivVaerdi(ud []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case int64:
		return strconv.AppendInt(ud, x, 10), nil
	case string:
		return skrivTekst(ud, x)
	case []byte:
		return skrivBytes(ud, x)
	case nil, bool, float64:
		b, err := json.Marshal(x)
		return append(ud, b...), err
	}
	return ud, fmt.Errorf("en værdi af typen %T kan ikke skrives", v)
}

func skrivTekst(ud []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return ud, errors.New("teksten er ikke UTF-8")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return append(ud, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), err
}

func skrivBytes(ud, x []byte) ([]byte, error) {
	if !utf8.Valid(x) {
		ud = append(ud, `{"base64":"`...)
		return append(base64.StdEncoding.AppendEncode(ud, x), `"}`...), nil
	}
	ud, err := skrivTekst(append(ud, `{"tekst":`...), string(x))
	return append(ud, '}'), err
}

// laesRaekker gives each row of a table to f, with the values in the order of the table's columns.
func laesRaekker(r io.Reader, t store.Tabel, f func([]any) error) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	v := make([]any, len(t.Kolonner))
	for nr := 1; ; nr++ {
		var raekke map[string]any
		if err := d.Decode(&raekke); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("række %d: %w", nr, err)
		}
		if err := iOrden(raekke, t.Kolonner, v); err != nil {
			return fmt.Errorf("række %d: %w", nr, err)
		}
		if err := f(v); err != nil {
			return err
		}
	}
}

func iOrden(raekke map[string]any, kolonner []string, ud []any) (err error) {
	for i, k := range kolonner {
		x, ok := raekke[k]
		if !ok {
			return fmt.Errorf("kolonnen %s mangler", k)
		}
		if ud[i], err = laesVaerdi(x); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	if len(raekke) != len(kolonner) {
		return errors.New("der er kolonner, som tabellen ikke har")
	}
	return nil
}

func laesVaerdi(x any) (any, error) {
	switch v := x.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case map[string]any:
		return laesBytes(v)
	case nil, bool, string:
		return v, nil
	}
	return nil, errors.New("værdien er hverken tal, tekst eller bytes")
}

func laesBytes(v map[string]any) ([]byte, error) {
	if s, ok := v["tekst"].(string); ok && len(v) == 1 {
		return append([]byte{}, s...), nil
	}
	if s, ok := v["base64"].(string); ok && len(v) == 1 {
		return base64.StdEncoding.DecodeString(s)
	}
	return nil, errors.New("bytes er hverken tekst eller base64")
}
