//! Frames and samples, in and out: one type each for what the library owns, what the program owns, and where it wants a copy.

use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use ltx_sys as sys;

use crate::enums::{ColorSpace, Location, PixelFormat, UnknownValue};
use crate::error::{Error, Result};
use crate::ffi::{fill, init};

/// Memory of the program that holds pixels.
type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

#[derive(Clone)]
enum Pixels<'a> {
    Borrowed(&'a [u8]),
    Owned(Shared),
    Device(Device<'a>),
}

/// Memory of a device; addresses are numbers to the host.
#[derive(Clone, Copy)]
struct Device<'a> {
    address: usize,
    size: u64,
    index: i32,
    stream: usize,
    memory: PhantomData<&'a [u8]>,
}

/// Frames of a clip, an image or a mask: interleaved pixels, top row first. Either borrowed from the library, as
/// [`Clip::video`](crate::Clip::video) and events give them, or the program's own, as conditions take them.
#[non_exhaustive]
#[derive(Clone)]
pub struct Frames<'a> {
    /// What a pixel is.
    pub pixel_format: PixelFormat,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// Number of frames.
    pub frame_count: i32,
    /// Index of the first frame within its clip.
    pub first_frame: i32,
    /// What the numbers of a pixel mean.
    pub color_space: ColorSpace,
    /// Hz, where it is known.
    pub frame_rate: Option<f64>,
    /// Bytes from row to row; 0: tight.
    pub row_stride: u64,
    /// Bytes from frame to frame; 0: tight.
    pub frame_stride: u64,
    pixels: Pixels<'a>,
}

/// Bytes of a pixel.
fn pixel_size(format: PixelFormat) -> u64 {
    match format {
        PixelFormat::Rgb8 => 3,
        PixelFormat::Rgba8 => 4,
        PixelFormat::RgbF16 => 6,
        PixelFormat::RgbF32 => 12,
        PixelFormat::Gray8 => 1,
    }
}

impl Frames<'static> {
    /// The program's own frames, without a copy: any owner of bytes (`Vec<u8>`, `&'static [u8]`, a file map …). As many frames
    /// as lie tightly in `data`; set the strides and `frame_count` where they do not.
    pub fn new(
        pixel_format: PixelFormat,
        width: i32,
        height: i32,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
    ) -> Self {
        let mut frames = Self::described(pixel_format, width, height, Pixels::Owned(Arc::new(data)));
        let tight = (frames.tight_row() * u64::try_from(height).unwrap_or(0)).max(1);
        frames.frame_count = i32::try_from(frames.data().len() as u64 / tight)
            .unwrap_or(i32::MAX)
            .max(1);
        frames
    }

    /// The same for [`PixelFormat::RgbF32`].
    pub fn from_f32(width: i32, height: i32, data: impl AsRef<[f32]> + Send + Sync + 'static) -> Self {
        struct Bytes<T>(T);
        impl<T: AsRef<[f32]>> AsRef<[u8]> for Bytes<T> {
            fn as_ref(&self) -> &[u8] {
                let floats = self.0.as_ref();
                // SAFETY: every byte of a float may be read as one.
                unsafe { std::slice::from_raw_parts(floats.as_ptr().cast(), std::mem::size_of_val(floats)) }
            }
        }
        Self::new(PixelFormat::RgbF32, width, height, Bytes(data))
    }

    /// One or more frames in the memory of a CUDA device. `stream` is a `cudaStream_t`, or NULL.
    ///
    /// # Safety
    /// `data` must be an address of that device with `size` bytes, valid whenever a call takes these frames.
    pub unsafe fn on_device(
        pixel_format: PixelFormat,
        width: i32,
        height: i32,
        data: *mut c_void,
        size: u64,
        device_index: i32,
        stream: *mut c_void,
    ) -> Self {
        let device = Device {
            address: data as usize,
            size,
            index: device_index,
            stream: stream as usize,
            memory: PhantomData,
        };
        Self::described(pixel_format, width, height, Pixels::Device(device))
    }
}

impl<'a> Frames<'a> {
    fn described(pixel_format: PixelFormat, width: i32, height: i32, pixels: Pixels<'a>) -> Self {
        Self {
            pixel_format,
            width,
            height,
            frame_count: 1,
            first_frame: 0,
            color_space: ColorSpace::Sdr,
            frame_rate: None,
            row_stride: 0,
            frame_stride: 0,
            pixels,
        }
    }

    /// # Safety
    /// What `raw` points to must live for `'a`.
    pub(crate) unsafe fn from_raw(raw: &sys::ltx_video_buffer) -> Result<Self, UnknownValue> {
        let &sys::ltx_video_buffer {
            struct_size: _,
            pixel_format,
            width,
            height,
            frame_count,
            first_frame,
            location,
            device_index,
            color_space,
            reserved0: _,
            frame_rate,
            row_stride,
            frame_stride,
            data_size,
            data,
            cuda_stream,
        } = raw;
        let pixels = match Location::try_from(location)? {
            Location::Host if data.is_null() => Pixels::Borrowed(&[]),
            // SAFETY: the library says that there are so many bytes, and the caller how long.
            Location::Host => {
                Pixels::Borrowed(unsafe { std::slice::from_raw_parts(data.cast_const().cast(), data_size as usize) })
            }
            Location::Device => Pixels::Device(Device {
                address: data as usize,
                size: data_size,
                index: device_index,
                stream: cuda_stream as usize,
                memory: PhantomData,
            }),
        };
        Ok(Self {
            frame_count,
            first_frame,
            color_space: ColorSpace::try_from(color_space)?,
            frame_rate: (frame_rate >= 0.0).then_some(frame_rate),
            row_stride,
            frame_stride,
            ..Self::described(PixelFormat::try_from(pixel_format)?, width, height, pixels)
        })
    }

    pub(crate) fn to_raw(&self) -> Result<sys::ltx_video_buffer> {
        let (location, device_index, data, size, stream) = match &self.pixels {
            Pixels::Device(device) => (
                Location::Device,
                device.index,
                device.address as *mut c_void,
                device.size,
                device.stream,
            ),
            _ => {
                let data = self.data();
                (Location::Host, 0, data.as_ptr().cast_mut().cast(), data.len() as u64, 0)
            }
        };
        let mut raw = init::<sys::ltx_video_buffer>()?;
        fill!(raw: ltx_video_buffer {
            pixel_format: Some(self.pixel_format),
            width: Some(self.width),
            height: Some(self.height),
            frame_count: Some(self.frame_count),
            first_frame: Some(self.first_frame),
            location: Some(location),
            device_index: Some(device_index),
            color_space: Some(self.color_space),
            frame_rate: self.frame_rate,
            row_stride: Some(self.row_stride),
            frame_stride: Some(self.frame_stride),
            data_size: Some(size),
            data: Some(data),
            cuda_stream: Some(stream as *mut c_void),
        } reserved { reserved0 });
        Ok(raw)
    }

    /// Sets the rate, Hz.
    #[must_use]
    pub fn with_frame_rate(mut self, hertz: f64) -> Self {
        self.frame_rate = Some(hertz);
        self
    }

    /// Sets what the numbers mean.
    #[must_use]
    pub fn with_color_space(mut self, color_space: ColorSpace) -> Self {
        self.color_space = color_space;
        self
    }

    /// Sets the number of frames and the bytes from row to row and from frame to frame; 0: tight.
    #[must_use]
    pub fn with_layout(mut self, frame_count: i32, row_stride: u64, frame_stride: u64) -> Self {
        (self.frame_count, self.row_stride, self.frame_stride) = (frame_count, row_stride, frame_stride);
        self
    }

    /// Where the pixels lie.
    pub fn location(&self) -> Location {
        match self.pixels {
            Pixels::Device(_) => Location::Device,
            _ => Location::Host,
        }
    }

    /// All bytes, without a copy; none if the pixels lie on a device.
    pub fn data(&self) -> &[u8] {
        match &self.pixels {
            Pixels::Borrowed(data) => data,
            Pixels::Owned(owner) => (**owner).as_ref(),
            Pixels::Device(_) => &[],
        }
    }

    /// The numbers of [`PixelFormat::RgbF32`] without a copy; `None` for other formats and places.
    pub fn data_f32(&self) -> Option<&[f32]> {
        if self.pixel_format != PixelFormat::RgbF32 || self.location() != Location::Host {
            return None;
        }
        // SAFETY: any bits are a float.
        let (before, floats, after) = unsafe { self.data().align_to::<f32>() };
        (before.is_empty() && after.is_empty()).then_some(floats)
    }

    /// The bytes of one frame, counted from 0 here; `None` beyond the end and on a device.
    pub fn frame(&self, index: usize) -> Option<&[u8]> {
        if index >= usize::try_from(self.frame_count).ok()? {
            return None;
        }
        let row = if self.row_stride == 0 {
            self.tight_row()
        } else {
            self.row_stride
        };
        let rows = u64::try_from(self.height).ok()?;
        let stride = if self.frame_stride == 0 {
            row * rows
        } else {
            self.frame_stride
        };
        let start = (index as u64).checked_mul(stride)?;
        let end = start
            .checked_add(row.checked_mul(rows.checked_sub(1)?)?)?
            .checked_add(self.tight_row())?;
        self.data()
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// The address and size in device memory; `None` in host memory.
    pub fn device_memory(&self) -> Option<(*mut c_void, u64)> {
        match &self.pixels {
            Pixels::Device(device) => Some((device.address as *mut c_void, device.size)),
            _ => None,
        }
    }

    /// The same frames with their own copy of the pixels, unless they are the program's already. Device memory is not copied:
    /// the description stays, without pixels.
    pub fn into_owned(self) -> Frames<'static> {
        let pixels = match self.pixels {
            Pixels::Borrowed(data) => Pixels::Owned(Arc::new(data.to_vec())),
            Pixels::Owned(owner) => Pixels::Owned(owner),
            Pixels::Device(_) => Pixels::Borrowed(&[]),
        };
        Frames { pixels, ..self }
    }

    fn tight_row(&self) -> u64 {
        u64::try_from(self.width).unwrap_or(0) * pixel_size(self.pixel_format)
    }
}

impl fmt::Debug for Frames<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Frames {{ {} × {} × {}, {}, {}, from {} }}",
            self.width, self.height, self.frame_count, self.pixel_format, self.color_space, self.first_frame
        )
    }
}

/// Samples within −1 to 1, planar: channel after channel. Either borrowed from the library or the program's own.
#[non_exhaustive]
#[derive(Clone)]
pub struct Samples<'a> {
    /// Number of channels.
    pub channels: i32,
    /// Hz.
    pub sample_rate: i32,
    /// Samples of each channel.
    pub sample_count: u64,
    /// Samples from channel to channel; 0: tight.
    pub channel_stride: u64,
    data: SampleData<'a>,
}

#[derive(Clone)]
enum SampleData<'a> {
    Borrowed(&'a [f32]),
    Owned(Arc<dyn AsRef<[f32]> + Send + Sync>),
}

impl Samples<'static> {
    /// The program's own samples, without a copy: any owner of floats, channel after channel.
    pub fn new(channels: i32, sample_rate: i32, data: impl AsRef<[f32]> + Send + Sync + 'static) -> Self {
        let sample_count = data.as_ref().len() as u64 / u64::try_from(channels).unwrap_or(0).max(1);
        Self {
            channels,
            sample_rate,
            sample_count,
            channel_stride: 0,
            data: SampleData::Owned(Arc::new(data)),
        }
    }
}

impl Samples<'_> {
    /// # Safety
    /// What `raw` points to must live for the result's lifetime.
    pub(crate) unsafe fn from_raw(raw: &sys::ltx_audio_buffer) -> Self {
        let &sys::ltx_audio_buffer {
            struct_size: _,
            channels,
            sample_rate,
            reserved0: _,
            sample_count,
            channel_stride,
            data,
        } = raw;
        let stride = if channel_stride == 0 {
            sample_count
        } else {
            channel_stride
        };
        let length = match u64::try_from(channels) {
            Ok(channels) if channels > 0 && !data.is_null() => stride * (channels - 1) + sample_count,
            _ => 0,
        };
        let data = if length == 0 {
            &[][..]
        } else {
            // SAFETY: so many samples are there by the rules of the header.
            unsafe { std::slice::from_raw_parts(data.cast_const(), length as usize) }
        };
        Self {
            channels,
            sample_rate,
            sample_count,
            channel_stride,
            data: SampleData::Borrowed(data),
        }
    }

    pub(crate) fn to_raw(&self) -> Result<sys::ltx_audio_buffer> {
        let stride = if self.channel_stride == 0 {
            self.sample_count
        } else {
            self.channel_stride
        };
        let channels = u64::try_from(self.channels).unwrap_or(0);
        let needed = stride
            .saturating_mul(channels.saturating_sub(1))
            .saturating_add(self.sample_count);
        let data = self.data();
        if channels > 0 && needed > data.len() as u64 {
            // The header's struct has no size, so the library cannot look.
            return Err(Error::new(
                sys::LTX_E_INVALID_ARGUMENT,
                format!(
                    "the sound has {} numbers; {channels} channels of {} samples need {needed}. Give all of them.",
                    data.len(),
                    self.sample_count
                ),
            ));
        }
        let mut raw = init::<sys::ltx_audio_buffer>()?;
        fill!(raw: ltx_audio_buffer {
            channels: Some(self.channels),
            sample_rate: Some(self.sample_rate),
            sample_count: Some(self.sample_count),
            channel_stride: Some(self.channel_stride),
            data: Some(data.as_ptr().cast_mut()),
        } reserved { reserved0 });
        Ok(raw)
    }

    /// All samples, without a copy.
    pub fn data(&self) -> &[f32] {
        match &self.data {
            SampleData::Borrowed(data) => data,
            SampleData::Owned(owner) => (**owner).as_ref(),
        }
    }

    /// The samples of one channel, counted from 0; `None` beyond the last.
    pub fn channel(&self, index: usize) -> Option<&[f32]> {
        if index >= usize::try_from(self.channels).ok()? {
            return None;
        }
        let stride = if self.channel_stride == 0 {
            self.sample_count
        } else {
            self.channel_stride
        };
        let start = (index as u64).checked_mul(stride)?;
        let end = start.checked_add(self.sample_count)?;
        self.data()
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// The same samples with their own copy, unless they are the program's already.
    pub fn into_owned(self) -> Samples<'static> {
        let data = match self.data {
            SampleData::Borrowed(data) => SampleData::Owned(Arc::new(data.to_vec())),
            SampleData::Owned(owner) => SampleData::Owned(owner),
        };
        Samples { data, ..self }
    }
}

impl fmt::Debug for Samples<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Samples {{ {} × {}, {} Hz }}",
            self.channels, self.sample_count, self.sample_rate
        )
    }
}

/// Where [`Clip::copy_frames`](crate::Clip::copy_frames) writes: the format that the program wants, in its own memory.
pub struct Target<'a> {
    pixel_format: PixelFormat,
    row_stride: u64,
    frame_stride: u64,
    location: Location,
    device_index: i32,
    data: *mut c_void,
    data_size: u64,
    stream: *mut c_void,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Target<'a> {
    /// Host memory.
    pub fn new(pixel_format: PixelFormat, data: &'a mut [u8]) -> Self {
        Self {
            pixel_format,
            row_stride: 0,
            frame_stride: 0,
            location: Location::Host,
            device_index: 0,
            data: data.as_mut_ptr().cast(),
            data_size: data.len() as u64,
            stream: std::ptr::null_mut(),
            memory: PhantomData,
        }
    }

    /// Host memory for [`PixelFormat::RgbF32`].
    pub fn from_f32(data: &'a mut [f32]) -> Self {
        // SAFETY: every byte of a float may be written, and any bits are a float.
        let bytes = unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), std::mem::size_of_val(data)) };
        Self::new(PixelFormat::RgbF32, bytes)
    }

    /// Memory of a CUDA device; `stream` is a `cudaStream_t`, or NULL.
    ///
    /// # Safety
    /// `data` must be an address of that device with `size` writable bytes.
    pub unsafe fn on_device(
        pixel_format: PixelFormat,
        data: *mut c_void,
        size: u64,
        device_index: i32,
        stream: *mut c_void,
    ) -> Self {
        Self {
            location: Location::Device,
            device_index,
            data,
            data_size: size,
            stream,
            ..Self::new(pixel_format, &mut [])
        }
    }

    /// Bytes from row to row and from frame to frame; 0: tight.
    #[must_use]
    pub fn with_strides(mut self, row: u64, frame: u64) -> Self {
        (self.row_stride, self.frame_stride) = (row, frame);
        self
    }

    pub(crate) fn to_raw(&self, frame_count: i32) -> Result<sys::ltx_video_buffer> {
        let mut raw = init::<sys::ltx_video_buffer>()?;
        raw.pixel_format = self.pixel_format.into();
        raw.frame_count = frame_count;
        raw.location = self.location.into();
        raw.device_index = self.device_index;
        raw.row_stride = self.row_stride;
        raw.frame_stride = self.frame_stride;
        raw.data_size = self.data_size;
        raw.data = self.data;
        raw.cuda_stream = self.stream;
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_program() {
        let data: Vec<u8> = (0..2 * 3 * 3 * 2).collect();
        let address = data.as_ptr();
        let frames = Frames::new(PixelFormat::Rgb8, 3, 2, data);
        assert_eq!(frames.frame_count, 2);
        assert_eq!(frames.data().as_ptr(), address); // no copy
        assert_eq!(frames.frame(1).expect("a frame")[0], 18);
        assert!(frames.frame(2).is_none());

        let padded = Frames::new(PixelFormat::Gray8, 3, 2, vec![0u8; 16]).with_layout(2, 4, 8);
        assert_eq!(padded.frame(1).expect("a frame").len(), 7); // the last row without its padding
        let beyond = Frames::new(PixelFormat::Gray8, 3, 2, vec![0u8; 5]).with_layout(1, 0, 0);
        assert!(beyond.frame(0).is_none());

        let floats = Frames::from_f32(1, 1, vec![0.25f32, 0.5, 1.0]);
        assert_eq!(floats.data_f32().expect("floats"), [0.25, 0.5, 1.0]);
        assert!(frames.data_f32().is_none());
    }

    #[test]
    fn samples_of_the_program() {
        let samples = Samples::new(2, 48000, vec![1.0f32, 2.0, 3.0, 4.0]);
        assert_eq!(samples.sample_count, 2);
        assert_eq!(samples.channel(1).expect("a channel"), [3.0, 4.0]);
        assert!(samples.channel(2).is_none());
        let mut short = samples.clone();
        short.sample_count = 3;
        assert!(short.to_raw().unwrap_err().message().contains("need 6"));
    }
}
