package web

import (
	"errors"
	"net/url"
	"strings"

	"github.com/moxkit/mox/connector"
)

// Address is a configured address with names in it.
type Address struct {
	base *url.URL
	text connector.Template
	path string // the template without host and query, for errors
}

// NewAddress makes the address text, which may be relative to base. Both are configured texts: whole addresses are
// checked by [check.Problems.URL].
func NewAddress(base, text string) (Address, error) {
	t, err := connector.ParseTemplate(text)
	if err != nil {
		return Address{}, err
	}
	literal, _, _ := strings.Cut(base, "{{")
	b, err := url.Parse(literal)
	if err != nil {
		return Address{}, errors.New("er ikke en adresse")
	}
	return Address{base: b, text: t, path: pathOf(text)}, nil
}

// pathOf gives the path of an address without the values in its query, to name it by.
func pathOf(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		text = "/" + path
	}
	path, _, _ := strings.Cut(text, "?")
	return path
}

// Op names a call at the address: "POST /api/cases/{{key}}".
func (a Address) Op(method string) string { return method + " " + a.path }

// Host gives the front of the system: the scheme and host of the address.
func (a Address) Host() *url.URL {
	return &url.URL{Scheme: a.base.Scheme, Host: a.base.Host, Path: "/"}
}

// Expand puts values in. The result is at the same host as the configured address, whatever the values are.
func (a Address) Expand(vars connector.Vars) (*url.URL, error) {
	text, err := a.text.Expand(vars, inAddress)
	if err != nil {
		return nil, err
	}
	return a.Resolve(text)
}

// Resolve gives the address that ref means seen from the configured one. It must be at the same host.
func (a Address) Resolve(ref string) (*url.URL, error) {
	u, err := a.base.Parse(ref)
	if err != nil {
		return nil, errors.New("adressen bliver ugyldig med kaldets værdier") // the parser's own text repeats them
	}
	if !SameHost(u, a.base) || u.User != nil {
		return nil, errors.New("adressen er på en anden vært end den, der står i url")
	}
	return u, nil
}

// inAddress makes a value fit into a path or a query, so that it can neither leave its place nor be left out of it: an
// empty step would make the address that of the whole collection.
func inAddress(after, value string) (string, error) {
	if strings.Contains(after, "?") {
		return url.QueryEscape(value), nil
	}
	switch value {
	case "":
		return "", errors.New("den er tom, og stien ville pege på noget andet")
	case ".", "..":
		return "", errors.New("den er et led, der ændrer stien")
	}
	return url.PathEscape(value), nil
}
