// What a browser would answer: runs an ONNX file in onnxruntime-web (WebAssembly, one thread) under Node.
// Usage: node answer.mjs MODEL.onnx IMAGES.raw SHAPE, where IMAGES.raw holds uint8 values and SHAPE is like 7,28,28,1.
// Prints the probabilities as JSON, one list per image.
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web";

const [model, images, shape] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;

const session = await ort.InferenceSession.create(await readFile(model), { executionProviders: ["wasm"] });
const input = new ort.Tensor("uint8", new Uint8Array(await readFile(images)), shape.split(",").map(Number));
const answers = await session.run({ [session.inputNames[0]]: input });
const { data, dims } = answers[session.outputNames[0]];

const rows = Array.from({ length: dims[0] }, (_, row) => [...data.slice(row * dims[1], (row + 1) * dims[1])]);
console.log(JSON.stringify(rows));
