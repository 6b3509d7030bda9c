/** The convolutional network that `mnist-cnn.ts` and the page of `browser/` train: three convolutions and two dense layers. */
import { nn, np } from 'pullback'
import { Conv, Dense, Flatten, type Layer, MaxPool, Relu, serial } from 'pullback/stax'

/** Weights and biases of a layer. */
type Affine = [W: np.NDArray, b: np.NDArray]
export type Params = [Affine, [], [], Affine, [], [], Affine, [], [], Affine, [], Affine]

export const network: Layer<Params> = serial(
  Conv(32, [3, 3]), Relu, MaxPool([2, 2]),
  Conv(64, [3, 3]), Relu, MaxPool([2, 2]),
  Conv(64, [3, 3]), Relu,
  Flatten, Dense(64), Relu, Dense(10),
) // prettier-ignore
const [, apply] = network

/** uint8[n, 28, 28] to float32[n, 10]: the more, the likelier the digit. */
export const logits = (params: Params, images: np.NDArray): np.NDArray => apply(params, np.expandDims(images.astype('float32').div(255), -1))

/** Cross entropy, and how many images are read right. */
export function loss(params: Params, images: np.NDArray, labels: np.NDArray): [loss: np.NDArray, correct: np.NDArray] {
  const z = logits(params, images)
  const likelihood = np.sum(nn.logSoftmax(z).mul(nn.oneHot(labels, 10)), -1)
  return [np.mean(likelihood).neg(), np.sum(np.equal(np.argmax(z, -1), labels))]
}
