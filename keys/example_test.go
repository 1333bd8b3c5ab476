package keys_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"yinzheng/keys"
)

func Example() {
	home, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(home)
	dir, secret := filepath.Join(home, "keys"), keys.Passphrase("correct horse battery staple")
	options := keys.Options{PublicURL: "https://zm.example.gov.cn"}

	// Once, by init: the authorities, then the root's key goes to the safe.
	ring, err := keys.Create(dir, secret, options)
	if err != nil {
		log.Fatal(err)
	}
	safe := keys.Passphrase("what is written in the safe")
	exported, err := ring.ExportRoot(safe)
	if err != nil {
		log.Fatal(err)
	}
	if err := ring.RemoveRoot(exported, safe); err != nil {
		log.Fatal(err)
	}
	organ := keys.Organ{Name: "惠州市惠城区民政局"}
	if _, err := ring.NewSeals(
		keys.SealRequest{Purpose: keys.Document, Organ: organ},
		keys.SealRequest{Purpose: keys.Token, Organ: organ},
	); err != nil {
		log.Fatal(err)
	}

	// At every start.
	ring, err = keys.Open(dir, secret, options)
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()
	for _, seal := range ring.List() {
		signer, chain, err := ring.Signer(seal.KID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(signer, len(chain), seal.Certificate().Issuer.CommonName)
	}
	// Output:
	// keys.Signer(redacted) 3 Yinzheng Issuing CA
	// keys.Signer(redacted) 3 Yinzheng Issuing CA
}
