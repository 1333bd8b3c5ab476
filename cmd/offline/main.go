//go:build js && wasm

// Command offline is the verifier for pages, compiled to WebAssembly: it gives
// scripts one function, yinzheng(request, bytes), over offline.Caller.
package main

import (
	"syscall/js"

	"yinzheng/offline"
)

func main() {
	var caller offline.Caller
	js.Global().Set("yinzheng", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return string(caller.Call([]byte(args[0].String()), bytesOf(args[1])))
	}))
	select {} // functions that scripts hold live as long as the program
}

// bytesOf copies a Uint8Array; nil for anything else.
func bytesOf(v js.Value) []byte {
	if !v.InstanceOf(js.Global().Get("Uint8Array")) {
		return nil
	}
	b := make([]byte, v.Length())
	js.CopyBytesToGo(b, v)
	return b
}
