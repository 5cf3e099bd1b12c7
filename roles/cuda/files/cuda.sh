# shellcheck shell=sh
# Written by the DGX Spark foundation: nvcc and the other CUDA commands for login shells.
case ":${PATH}:" in
*:/usr/local/cuda/bin:*) ;;
*) export PATH="${PATH}:/usr/local/cuda/bin" ;;
esac
