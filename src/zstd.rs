//! Zstandard as files and bodies carry it: frames one after another, skippable ones among them, checksums verified.
//!
//! Memory is bounded by the largest window that the caller allows. The home of ruzstd, which is Rust alone: no C reads
//! what a stranger sent. Never packs.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// Reads what the frames of `R` hold.
pub struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Inside a frame.
    begun: bool,
}

impl<R: BufRead> Frames<R> {
    /// Refuses frames whose window is larger than `max_window` bytes.
    pub fn new(source: R, max_window: u64) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(max_window);
        Frames { source, decoder, begun: false }
    }

    /// Begins the next frame; false at the end of the source.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    fn verify(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(stored), Some(found)) if stored != found => Err(io::Error::other("the checksum does not match")),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.begun {
                let n = self.decoder.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                if !self.decoder.is_finished() {
                    let one = BlockDecodingStrategy::UptoBlocks(1);
                    self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
                    continue;
                }
                self.verify()?;
            }
            self.begun = self.begin()?;
            if !self.begun {
                return Ok(0);
            }
        }
    }
}

/// A frame of `plain`, for tests.
#[cfg(test)]
pub fn packed(plain: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(bytes: &[u8], max_window: u64) -> io::Result<Vec<u8>> {
        let mut plain = vec![];
        Frames::new(bytes, max_window).read_to_end(&mut plain).map(|_| plain)
    }

    #[test]
    fn frames_follow_each_other() {
        let text = b"one, two, three; ".repeat(20_000);
        let frame = packed(&text);
        assert!(frame.len() < text.len() / 2);
        let skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc";
        let all = [&skipped[..], &frame, skipped, &frame].concat();
        assert_eq!(unpacked(&all, 8 << 20).unwrap(), text.repeat(2));
        assert_eq!(unpacked(b"", 8 << 20).unwrap(), b"");
    }

    #[test]
    fn what_is_cut_damaged_or_too_wide_is_refused() {
        let frame = packed(&b"one, two, three; ".repeat(20_000));
        for length in 1..frame.len() {
            assert!(unpacked(&frame[..length], 8 << 20).is_err(), "{length} bytes");
        }
        assert!(unpacked(b"{}", 8 << 20).is_err());
        assert!(unpacked(b"\x50\x2a\x4d\x18\x03\x00\x00\x00ab", 8 << 20).is_err());
        // A window of 2^41 bytes.
        let error = unpacked(b"\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 8 << 20).unwrap_err();
        assert!(error.to_string().contains("window"), "{error}");
        let mut damaged = frame.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        assert!(unpacked(&damaged, 8 << 20).is_err(), "its checksum is there and verified");
    }
}
