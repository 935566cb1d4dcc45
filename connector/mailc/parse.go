package mailc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/moxkit/mox/connector"
)

// Limits of what a mail may be made of.
const (
	maxText  = connector.MaxRaw // bytes of its text, and of its text in HTML
	maxParts = 500
	maxDepth = 20
)

// parsed is a mail taken apart.
type parsed struct {
	fields    map[string]string
	documents []document
	tekst     strings.Builder
	html      strings.Builder

	parts int
	keep  int // which document's content is kept; -1 = none
}

// document is a part of a mail that is no text of its own.
type document struct {
	name, kind string
	size       int64
	content    []byte // nil unless it is the one to keep
}

// parse takes a mail apart, and keeps the content of document number keep; -1 = of none.
func parse(raw []byte, keep int) (*parsed, error) {
	e, err := message.Read(bytes.NewReader(raw))
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, fmt.Errorf("mailen kan ikke læses: dens hoved er ikke, som en mails skal være (%w)", err)
	}
	p := &parsed{fields: map[string]string{}, keep: keep}
	if err := p.head(e.Header, raw); err != nil {
		return nil, err
	}
	if err := p.part(e, 0); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"tekst": p.tekst.String(), "html": p.html.String()} {
		if text != "" {
			p.fields[name] = text
		}
	}
	for i, d := range p.documents {
		prefix := fmt.Sprintf("bilag.%d.", i)
		p.fields[prefix+"navn"], p.fields[prefix+"type"], p.fields[prefix+"byte"] = d.name, d.kind, strconv.FormatInt(d.size, 10)
	}
	return p, nil
}

// head makes fields of the mail's head.
func (p *parsed) head(h message.Header, raw []byte) error {
	set := func(field, value string) {
		if value != "" {
			p.fields[field] = value
		}
	}
	subject, err := words(h.Get("Subject"))
	if err != nil {
		return fmt.Errorf("emnet: %w", err)
	}
	set("emne", subject)
	for field, name := range map[string]string{"til": "To", "cc": "Cc", "svar_til": "Reply-To"} {
		_, all, err := addresses(h, name)
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		set(field, all)
	}
	from, all, err := addresses(h, "From")
	if err != nil {
		return fmt.Errorf("fra: %w", err)
	}
	set("fra", all)
	set("fra_navn", from)
	if at, err := mail.ParseDate(h.Get("Date")); err == nil {
		set("dato", at.Format(time.RFC3339))
	}
	set("message_id", trimID(h.Get("Message-Id")))
	set("svar_paa", trimID(h.Get("In-Reply-To")))
	if auto := strings.TrimSpace(h.Get("Auto-Submitted")); !strings.EqualFold(auto, "no") {
		set("automatisk", auto)
	}
	if p.fields["id"] = p.fields["message_id"]; p.fields["id"] == "" {
		sum := sha256.Sum256(raw)
		p.fields["id"] = "sha256-" + hex.EncodeToString(sum[:16])
	}
	return nil
}

func trimID(id string) string { return strings.Trim(strings.TrimSpace(id), "<>") }

// words decodes what a head says in other characters than ASCII's.
func words(text string) (string, error) {
	decoded, err := (&mime.WordDecoder{CharsetReader: decodeWord}).DecodeHeader(text)
	if err != nil {
		return "", err
	}
	decoded, err = decode("", []byte(strings.TrimSpace(decoded)))
	return strings.Map(windows, decoded), err
}

// windows reads what came as a control character of iso-8859-1 as the character of windows-1252; see decode.
func windows(r rune) rune {
	if r >= 0x80 && r <= 0x9f {
		return charmap.Windows1252.DecodeByte(byte(r))
	}
	return r
}

// addresses gives the addresses in a head with commas between, and the first one's name. What is no list of addresses is
// given as it stands: senders write all kinds of things.
func addresses(h message.Header, name string) (first, all string, err error) {
	text := h.Get(name)
	if text == "" {
		return "", "", nil
	}
	list, err := (&mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: decodeWord}}).ParseList(text)
	if err != nil || len(list) == 0 {
		all, err = words(text)
		return "", all, err
	}
	var each []string
	for _, a := range list {
		each = append(each, a.Address)
	}
	if first, err = words(list[0].Name); err != nil {
		return "", "", err
	}
	return first, strings.Join(each, ", "), nil
}

// decodeWord reads words in the charsets that text may be in.
func decodeWord(charset string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s, err := decode(charset, b)
	return strings.NewReader(s), err
}

// part goes through a part of the mail and all that is inside it.
func (p *parsed) part(e *message.Entity, depth int) error {
	if p.parts++; p.parts > maxParts || depth > maxDepth {
		return errors.New("mailen har for mange dele, eller for mange i hinanden")
	}
	parts := e.MultipartReader()
	if parts == nil {
		return p.leaf(e)
	}
	for {
		next, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if next == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return fmt.Errorf("mailens del %d kan ikke læses; er mailen afbrudt? (%w)", p.parts+1, err)
		}
		if err := p.part(next, depth+1); err != nil {
			return err
		}
	}
}

// leaf reads a part that has no others inside: text, or a document.
func (p *parsed) leaf(e *message.Entity) error {
	kind, params, err := e.Header.ContentType()
	if err != nil || kind == "" {
		kind = "application/octet-stream"
		if e.Header.Get("Content-Type") == "" {
			kind = "text/plain"
		}
	}
	disposition, _, _ := e.Header.ContentDisposition() // one that cannot be read is none
	name := documentName(e.Header, params)
	if (kind == "text/plain" || kind == "text/html") && disposition != "attachment" && name == "" {
		return p.text(e, kind, params["charset"])
	}
	if name == "" {
		name = fmt.Sprintf("bilag-%d", len(p.documents)+1)
	}
	d := document{name: name, kind: kind}
	if p.keep == len(p.documents) {
		d.content, err = io.ReadAll(e.Body)
		d.size = int64(len(d.content))
	} else {
		d.size, err = io.Copy(io.Discard, e.Body)
	}
	if err != nil {
		return fmt.Errorf("bilag %d kan ikke læses (%w)", len(p.documents)+1, err)
	}
	p.documents = append(p.documents, d)
	return nil
}

// documentName is the name that a part gives itself; one that cannot be read is none.
func documentName(h message.Header, params map[string]string) string {
	_, given, _ := h.ContentDisposition()
	name := given["filename"]
	if name == "" {
		name = params["name"]
	}
	name, err := words(name)
	if err != nil {
		return ""
	}
	return name
}

func (p *parsed) text(e *message.Entity, kind, charset string) error {
	b, err := io.ReadAll(io.LimitReader(e.Body, maxText+1))
	if err != nil {
		return fmt.Errorf("mailens tekst kan ikke læses (%w)", err)
	}
	text, err := decode(charset, b)
	if err != nil {
		return fmt.Errorf("mailens tekst: %w", err)
	}
	into := &p.tekst
	if kind == "text/html" {
		into = &p.html
	}
	if into.Len() > 0 {
		into.WriteString("\n\n")
	}
	into.WriteString(strings.ReplaceAll(text, "\r\n", "\n"))
	if len(b) > maxText || into.Len() > maxText {
		return fmt.Errorf("mailens tekst er på over %d byte", maxText)
	}
	return nil
}

// decode makes UTF-8 of text. iso-8859-1 is read as windows-1252, of which it is a part: mail programs write the one and
// say the other.
func decode(charset string, b []byte) (string, error) {
	switch charset = strings.ToLower(strings.TrimSpace(charset)); charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
			return "", errors.New("der er byte, som ikke er gyldig utf-8, og mailen nævner intet andet tegnsæt")
		}
		return string(b), nil
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return "", fmt.Errorf("tegnsættet %.40q kendes ikke", charset)
	}
	text, err := enc.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) || bytes.IndexByte(text, 0) >= 0 {
		return "", fmt.Errorf("der er byte, som ikke findes i %s, som mailen siger, den er skrevet i", charset)
	}
	return string(text), nil
}
