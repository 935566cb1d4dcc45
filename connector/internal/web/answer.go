package web

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox/connector"
)

// maxText is how many characters of the system's own words are kept.
const maxText = 300

// Answer makes a connector.Answer of a reply: its fields when it is JSON or XML, its words when it is no success.
func (c *Client) Answer(r Reply) connector.Answer {
	a := c.Head(r)
	a.Fields = Fields(r)
	if r.Status >= 300 {
		a.Text = words(r, a.Fields)
	}
	return a
}

// Head makes the part of an answer that does not depend on what the body means.
func (c *Client) Head(r Reply) connector.Answer {
	return connector.Answer{
		Code:  strconv.Itoa(r.Status),
		Raw:   bytes.Clone(r.Body[:min(len(r.Body), connector.MaxAnswerRaw)]),
		After: RetryAfter(r.Header, c.now()),
	}
}

// Fields gives the flat fields of a reply in JSON or XML; nil for anything else, and for what cannot be read.
func Fields(r Reply) map[string]string {
	if r.Cut {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body := bytes.TrimSpace(r.Body)
	switch {
	case strings.HasSuffix(kind, "json") || kind == "" && bytes.HasPrefix(body, []byte("{")):
		if fields, err := connector.FlattenJSON(body); err == nil && utf8.Valid(body) {
			return fields
		}
	case strings.HasSuffix(kind, "xml") && kind != "application/xhtml+xml":
		if root, err := parseXML(r); err == nil {
			if fields, err := root.Flatten(); err == nil {
				return fields
			}
		}
	}
	return nil
}

func parseXML(r Reply) (*connector.Element, error) {
	text, err := XMLText(r)
	if err != nil {
		return nil, err
	}
	if len(text.Bad) > 0 {
		return nil, text.Bad[0]
	}
	return connector.ParseXML(text.S)
}

// XMLText makes text of an XML reply: the charset is what the Content-Type says, else what the document says.
func XMLText(r Reply) (*connector.Text, error) {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if _, err := connector.CharsetByName(charset); err != nil {
		charset = ""
	}
	return connector.DecodeXML(r.Body, charset)
}

// words finds the system's explanation of a refusal: the field that problem documents (RFC 9457), OAuth and common
// frameworks put it in, else the beginning of a text that is no web page.
func words(r Reply, fields map[string]string) string {
	for _, name := range []string{
		"detail", "message", "error.message", "error_description", "errors.0.message", "errors.0", "fejl", "fejltekst",
		"besked", "title", "error",
	} {
		for field, value := range fields {
			if strings.EqualFold(field, name) && value != "" {
				return Short(value)
			}
		}
	}
	if text := string(r.Body); utf8.ValidString(text) && !isPage(r) && strings.TrimSpace(text) != "" {
		return Short(text)
	}
	return http.StatusText(r.Status)
}

func isPage(r Reply) bool {
	return strings.Contains(r.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<"))
}

// Short makes one line of text, not longer than a screen shows.
func Short(text string) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return string(r)
}

// RetryAfter reads how long the system asks us to wait (RFC 9110 section 10.2.3); 0 = it does not say.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(v, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
