package sftpc

import (
	"time"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/folderc"
	"github.com/moxkit/mox/connector/internal/check"
)

// SourceConfig describes a folder of files on an SFTP server. The path is the server's: absolute, or below the folder that
// the user comes to.
type SourceConfig struct {
	folderc.SourceConfig `yaml:",inline"`
	Server               `yaml:",inline"`
}

// minStable is the shortest time after which a server, whose times are in whole seconds, shows that a file still grows.
const minStable = 2 * time.Second

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	if s := c.Faerdig.Stabil; s > 0 && time.Duration(s) < minStable {
		p.Add("faerdig.stabil", "er for kort: SFTP viser tider i hele sekunder", "skriv mindst 2s")
	}
	return append(append(c.Server.problems(), c.ValidateAs("sftp")...), p.List()...)
}

// NewSource makes a source. It makes no call.
func NewSource(c SourceConfig, env connector.Env) (*folderc.Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	client, err := newClient(c.Server, env)
	if err != nil {
		return nil, err
	}
	return folderc.NewSourceAt(client.at(c.Path), c.SourceConfig, env), nil
}

// SinkConfig describes a folder on an SFTP server to leave files in. A file is written under another name and renamed. One
// that is broken off leaves a file called .mox-….tmp, which no source reads.
type SinkConfig struct {
	folderc.SinkConfig `yaml:",inline"`
	Server             `yaml:",inline"`
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	return append(c.Server.problems(), c.ValidateAs("sftp")...)
}

// NewSink makes a sink. It makes no call.
func NewSink(c SinkConfig, env connector.Env) (*folderc.Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	client, err := newClient(c.Server, env)
	if err != nil {
		return nil, err
	}
	return folderc.NewSinkAt(client.at(c.Path), c.SinkConfig)
}
