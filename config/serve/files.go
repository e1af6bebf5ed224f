package serve

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"github.com/lbctl/lbctl/config/strict"
)

// MaxPEMBytes is the largest certificate, key or CA file that should be read.
const MaxPEMBytes = 1 << 20

// Files returns the files that the configuration names and a server reads: certificates, keys and
// authorities.
func (c *Config) Files() []string {
	var names []string
	for _, l := range c.Listeners {
		if l.TLS == nil {
			continue
		}
		for _, cert := range l.TLS.Certificates {
			names = append(names, cert.Cert, cert.Key)
		}
	}
	for _, p := range c.Pools {
		if p.TLS.CAFile != "" {
			names = append(names, p.TLS.CAFile)
		}
	}
	return names
}

// checkFiles reads the files that sound sections name.
func (o *outline) checkFiles(r *strict.Reporter) {
	for i, l := range o.config.Listeners {
		if l.TLS == nil {
			continue
		}
		for j, cert := range l.TLS.Certificates {
			o.checkCertificate(r, "listeners"+at(i, "tls.certificates")+at(j, ""), cert)
		}
	}
	for i, p := range o.config.Pools {
		if p.TLS.CAFile == "" {
			continue
		}
		if text, ok := o.read(r, "pools"+at(i, "tls.ca_file"), p.TLS.CAFile); ok && !x509.NewCertPool().AppendCertsFromPEM(text) {
			r.Errorf("pools"+at(i, "tls.ca_file"), "%s: expected certificates in PEM form, found none", from(o.dir, p.TLS.CAFile))
		}
	}
}

// checkCertificate sees to it that a certificate and its key are what they should be.
func (o *outline) checkCertificate(r *strict.Reporter, path string, c Certificate) {
	chain, ok := o.read(r, path+".cert", c.Cert)
	if err := firstCertificate(chain); ok && err != nil {
		r.Errorf(path+".cert", "%s: %s", from(o.dir, c.Cert), err)
		ok = false
	}
	key, keyOK := o.read(r, path+".key", c.Key)
	if !ok || !keyOK {
		return
	}
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		r.Errorf(path+".key", "%s: %s", from(o.dir, c.Key), err)
	}
}

// firstCertificate says what is wrong with a PEM file that should begin with a certificate.
func firstCertificate(text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("expected a certificate in PEM form")
	}
	_, err := x509.ParseCertificate(block.Bytes)
	return err
}

// read reads a file that the value at path names.
func (o *outline) read(r *strict.Reporter, path, name string) ([]byte, bool) {
	text, err := o.readFile(from(o.dir, name))
	if err != nil {
		r.Errorf(path, "cannot be read: %s", err)
	}
	return text, err == nil
}
